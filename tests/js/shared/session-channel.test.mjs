/** A sign-out or another sign-in reaches every page of the browser at once, by the browser's own channel. */
import assert from "node:assert/strict";
import test from "node:test";

import { createApi } from "../../../pwa/shared/http.js";
import { createLocalSession } from "../../../pwa/page/session/local.js";
import { SignedOut } from "../../../pwa/page/session/user-state.js";
import { SessionChannel } from "../../../pwa/shared/session-channel.js";
import { ANNA, BEN, FakeMemory, LocalWorld } from "../page/session-worlds.mjs";

/** Pages of one browser, each with a channel of its own. */
function browser(t, count, world = new LocalWorld()) {
  world.signIn(ANNA);
  const memory = new FakeMemory();
  const forgotten = [];
  const pages = Array.from({ length: count }, () => page(t, world, memory, forgotten));
  return { world, memory, pages, forgotten };
}

function page(t, world, memory, forgotten) {
  const channel = new SessionChannel();
  t.after(() => channel.close());
  const forget = async () => void forgotten.push("forgotten");
  const api = createApi({ fetch: world.fetch });
  const session = createLocalSession({ api, now: () => world.now, channel, forget });
  session.remember(memory);
  const left = new Promise((resolve) => session.onLeft(() => resolve(session.user())));
  return { session, channel, left };
}

test("a sign-out in one page ends every other page, and the user is forgotten", async (t) => {
  const { pages, forgotten } = browser(t, 3);
  await Promise.all(pages.map(({ session }) => session.load()));
  const [first, ...others] = pages;

  await first.session.signOut();

  for (const { session, left } of others) {
    assert.equal(await left, null);
    await assert.rejects(session.getToken(), SignedOut);
  }
  assert.deepEqual(forgotten, ["forgotten"]);
});

test("without a link the other pages end all the same", async (t) => {
  const { world, pages } = browser(t, 2);
  await Promise.all(pages.map(({ session }) => session.load()));
  world.link = "down";

  const signingOut = pages[0].session.signOut();

  assert.equal(await pages[1].left, null);
  await signingOut;
});

test("another user's sign-in ends the pages of the first", async (t) => {
  const { world, pages } = browser(t, 2);
  await pages[1].session.load();

  world.signIn(BEN);
  pages[0].channel.publish({ type: "signed-in", user: BEN.id });

  assert.equal(await pages[1].left, null);
});

test("the same user's new session takes the place of the old one, and nothing is left", async (t) => {
  const { world, pages } = browser(t, 2);
  const { session, left } = pages[1];
  await session.load();
  const before = await session.getToken();

  world.signIn(ANNA);
  const notified = new Promise((resolve) => pages[1].channel.listen(resolve));
  pages[0].channel.publish({ type: "signed-in", user: ANNA.id });
  await notified;

  assert.notEqual(await session.getToken(), before);
  assert.equal(session.user()?.id, ANNA.id);
  assert.equal(await Promise.race([left, Promise.resolve("stays")]), "stays");
});

test("where there is no channel, pages receive it by the storage event, and nothing stays stored", () => {
  const target = new EventTarget();
  const stored = [];
  const entry = (type) => (key, value) => stored.push([type, key, value]);
  const old = {
    localStorage: { setItem: entry("set"), removeItem: entry("remove") },
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  };
  const received = [];
  const [here, there] = [new SessionChannel(old), new SessionChannel(old)];
  there.listen((news) => received.push(news));

  here.publish({ type: "signed-out" });
  const [[, key, newValue]] = stored;
  target.dispatchEvent(Object.assign(new Event("storage"), { key, newValue }));
  target.dispatchEvent(Object.assign(new Event("storage"), { key, newValue: null }));
  target.dispatchEvent(Object.assign(new Event("storage"), { key: "other", newValue }));
  there.close();
  target.dispatchEvent(Object.assign(new Event("storage"), { key, newValue }));

  assert.deepEqual(received, [{ type: "signed-out" }]);
  assert.deepEqual(
    stored.map(([type]) => type),
    ["set", "remove"],
  );
});
