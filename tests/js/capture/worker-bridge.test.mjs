/** The page's side of the worker: every occasion asks for a replay, in the worker or right here. */
import { TestClock } from "../clock.mjs";
import { ScriptedNetwork, TestLocks, capture, openPhone, until } from "../queue/support.mjs";
import assert from "node:assert/strict";
import test from "node:test";

import { startWorker } from "../../../pwa/capture/session/worker-bridge.js";

const ORIGIN = "https://capture.test";

/** An active worker that remembers its messages. */
class TestWorker extends EventTarget {
  messages = [];
  state = "activated";
  postMessage = (message) => this.messages.push(message);
}

/** A browser in which the test is the user, the network and the worker. */
function browserWith({ worker = new TestWorker(), refused = false, sync = true } = {}) {
  const registration = Object.assign(new EventTarget(), {
    active: worker,
    waiting: null,
    tags: [],
  });
  const register = async (tag) => {
    registration.tags.push(tag);
    if (!sync) throw new DOMException("", "NotAllowedError");
  };
  registration.sync = { register };
  const container = Object.assign(new EventTarget(), {
    registered: [],
    startMessages() {},
    async register(url, options) {
      this.registered.push([url, options]);
      if (refused) throw new DOMException("", "SecurityError");
      return registration;
    },
  });
  const net = new ScriptedNetwork();
  const location = { origin: ORIGIN, reloads: 0, reload: () => (location.reloads += 1) };
  return {
    ...{ container, registration, worker, net, location },
    locks: new TestLocks(),
    page: Object.assign(new EventTarget(), { visibilityState: "visible" }),
    window: new EventTarget(),
    fetch: net.fetch,
    clock: new TestClock(),
  };
}

async function start(t, options, getToken = async () => "token") {
  const phone = await openPhone(t);
  const browser = browserWith(options);
  const bridge = startWorker({ queue: phone.queue, session: { getToken }, browser });
  t.after(() => bridge.stop());
  const drains = () => browser.worker?.messages.filter(({ type }) => type === "drain").length;
  return { phone, browser, bridge, drains };
}

const idle = async () => {
  for (let i = 0; i < 30; i += 1) await new Promise(setImmediate);
};

test("the worker is registered as a module that is compared past the HTTP cache", async (t) => {
  const { browser, drains } = await start(t);

  await until(() => drains() === 1);

  assert.deepEqual(browser.container.registered, [
    ["/service_worker/sw.js", { type: "module", scope: "/", updateViaCache: "none" }],
  ]);
  assert.deepEqual(browser.registration.tags, ["clinicpro-replay"]);
});

test("coming back to the page, a connection and a sign-in each end the wait and ask again", async (t) => {
  const { phone, browser, bridge, drains } = await start(t);
  await until(() => drains() === 1);
  const pause = { concerns: "link", reason: "no-answer", attempt: 3, inMs: 20_000 };

  for (const [n, occasion] of [
    [2, () => browser.page.dispatchEvent(new Event("visibilitychange"))],
    [3, () => browser.window.dispatchEvent(new Event("online"))],
    [4, () => bridge.signedIn()],
  ]) {
    await phone.queueStore.writePause(pause);
    occasion();
    await until(() => drains() === n);
    assert.equal(await phone.queueStore.readPause(), null);
  }
});

test("a page that goes to the back asks for nothing", async (t) => {
  const { browser, drains } = await start(t);
  await until(() => drains() === 1);

  browser.page.visibilityState = "hidden";
  browser.page.dispatchEvent(new Event("visibilitychange"));
  await idle();

  assert.equal(drains(), 1);
});

test("every 15 s a replay is asked for, while anything waits", async (t) => {
  const { phone, browser, drains } = await start(t);
  await until(() => drains() === 1);
  await phone.queue.add(capture());
  browser.clock.advance(15_000);
  await until(() => Number.isFinite(browser.clock.next));
  await idle();
  assert.equal(drains(), 1, "a photo in review waits for the clinician");

  await phone.take(1);
  browser.clock.advance(15_000);
  await until(() => drains() === 2);
  await until(() => Number.isFinite(browser.clock.next));
  browser.clock.advance(15_000);
  await until(() => drains() === 3);
});

test("nothing is asked for a user who signed out", async (t) => {
  const { phone, browser, drains } = await start(t);
  await phone.take(1);
  await until(() => drains() === 1);
  await phone.queue.setOwner({ id: "anna", name: "Anna", signedOut: true });

  browser.clock.advance(15_000);
  await until(() => Number.isFinite(browser.clock.next));
  await idle();

  assert.equal(drains(), 1);
});

test("a storage that fails stops neither the timer nor the asking", async (t) => {
  const { phone, browser, bridge, drains } = await start(t);
  await until(() => drains() === 1);
  const broken = async () => {
    throw new DOMException("", "UnknownError");
  };
  Object.assign(phone.queue, { owner: broken, retryNow: broken });

  browser.clock.advance(15_000);
  await until(() => Number.isFinite(browser.clock.next));
  await bridge.signedIn();

  assert.equal(drains(), 2);
});

test("each capture registers the tag again, and a refusal of that is no trouble", async (t) => {
  const { phone, browser, drains } = await start(t, { sync: false });
  await until(() => drains() === 1);
  const before = browser.registration.tags.length;

  await phone.queue.add(capture());

  await until(() => browser.registration.tags.length === before + 1);
});

for (const [what, options] of [
  ["no worker is active", { worker: null }],
  ["workers are refused", { refused: true }],
]) {
  test(`where ${what} the page sends by itself, with its own token`, async (t) => {
    const { phone, browser, bridge } = await start(t, options);
    await phone.take(1);
    await idle();
    await bridge.drain();

    const presign = await browser.net.next("presign");
    assert.equal(presign.init.headers.Authorization, "Bearer token");
    presign.sign();
    (await browser.net.next("put")).respond(200);
    (await browser.net.next("complete")).receipt();

    await until(async () => (await phone.list()).length === 0);
  });
}

test("a browser without workers at all sends by itself", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const browser = { ...browserWith(), container: undefined };
  const session = { getToken: () => Promise.reject(new Error("signed out")) };
  const bridge = startWorker({ queue: phone.queue, session, browser });
  t.after(() => bridge.stop());

  const presign = await browser.net.next("presign");

  assert.equal(presign.init.headers.Authorization, undefined);
});

test("a page whose storage fails in the middle of a replay lives on", async (t) => {
  const { phone, browser, bridge } = await start(t, { worker: null });
  await idle();
  phone.queue.database.read = async () => {
    throw new DOMException("", "UnknownError");
  };

  await bridge.drain();
  await idle();

  assert.equal(browser.locks.held, null);
});

/** Asks the page as the worker does. */
function askForToken(browser, data = { type: "token-request", fresh: true }, origin = ORIGIN) {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.onmessage = (event) => {
      port1.close();
      resolve(event.data);
    };
  });
  browser.container.dispatchEvent(
    Object.assign(new Event("message"), { data, origin, ports: [port2] }),
  );
  return { answer, close: () => port1.close() };
}

test("the worker is lent a token, fresh where it asks for one", async (t) => {
  const asked = [];
  const getToken = async (options) => {
    asked.push(options);
    return "mine";
  };
  const { browser } = await start(t, {}, getToken);

  const { answer } = askForToken(browser);

  assert.deepEqual(await answer, { type: "token-answer", token: "mine" });
  assert.deepEqual(asked, [{ fresh: true }]);
});

test("a page that is signed out, or slow, lends nothing", async (t) => {
  const out = await start(t, {}, () => Promise.reject(new Error("signed out")));
  assert.equal((await askForToken(out.browser).answer).token, null);

  const slow = await start(t, {}, () => new Promise(() => {}));
  const { answer } = askForToken(slow.browser);
  await until(() => Number.isFinite(slow.browser.clock.next));
  slow.browser.clock.advance(3_000);

  assert.equal((await answer).token, null);
});

test("another origin or another message is lent no token", async (t) => {
  let asked = 0;
  const { browser } = await start(t, {}, async () => (asked += 1));

  const foreign = askForToken(browser, { type: "token-request", fresh: true }, "https://evil.test");
  const other = askForToken(browser, { type: "drain" });
  await idle();

  assert.equal(asked, 0);
  foreign.close();
  other.close();
});

test("a new version is reported when it is ready, and the first version is not", async (t) => {
  const { browser, bridge, drains } = await start(t);
  await until(() => drains() === 1);
  let reported = 0;
  const stop = bridge.onNewVersion(() => (reported += 1));
  const installing = Object.assign(new TestWorker(), { state: "installing" });
  Object.assign(browser.registration, { installing });
  browser.registration.dispatchEvent(new Event("updatefound"));

  installing.dispatchEvent(new Event("statechange"));
  assert.equal(reported, 0);
  installing.state = "installed";
  installing.dispatchEvent(new Event("statechange"));
  assert.equal(reported, 1);

  browser.registration.active = null;
  browser.registration.dispatchEvent(new Event("updatefound"));
  stop();
  installing.dispatchEvent(new Event("statechange"));
  assert.equal(reported, 1);
});

test("a version that was ready before the page is reported too", async (t) => {
  const { browser, bridge } = await start(t);
  browser.registration.waiting = new TestWorker();
  let reported = 0;

  bridge.onNewVersion(() => (reported += 1));

  await until(() => reported === 1);
});

test("changing to the new version waits for it to take over", async (t) => {
  const { browser, bridge } = await start(t);
  const waiting = new TestWorker();
  browser.registration.waiting = waiting;

  await bridge.reload();
  assert.deepEqual(waiting.messages, [{ type: "skip-waiting" }]);
  assert.equal(browser.location.reloads, 0);
  browser.container.dispatchEvent(new Event("controllerchange"));
  assert.equal(browser.location.reloads, 1);

  browser.registration.waiting = null;
  await bridge.reload();
  assert.equal(browser.location.reloads, 2);
});

test("a stopped bridge receives and asks nothing more", async (t) => {
  const { phone, browser, bridge, drains } = await start(t);
  await until(() => drains() === 1);

  bridge.stop();
  browser.window.dispatchEvent(new Event("online"));
  await phone.take(1);
  browser.clock.advance(60_000);
  await idle();

  assert.equal(drains(), 1);
});
