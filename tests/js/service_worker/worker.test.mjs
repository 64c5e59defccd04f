/** The worker's events with the real queue: messages, sync, tokens from pages, updates. */
import { TestClock } from "../clock.mjs";
import { TestLocks, WELL, ScriptedNetwork, capture, openPhone, until } from "../queue/support.mjs";
import assert from "node:assert/strict";
import test from "node:test";

import { DATABASE_NAME } from "../../../pwa/queue/database.js";
import { deleteDB } from "../../../pwa/vendor/idb.js";
import { handleMessage, skipWaitingWhenIdle, sync } from "../../../service_worker/replay.js";
import { pageTokens } from "../../../service_worker/tokens.js";

const ORIGIN = "https://capture.test";

/** A page that answers token requests after its own fashion. */
const page = (token, path = "/mobile") => ({
  url: ORIGIN + path,
  visibilityState: "visible",
  asked: [],
  postMessage(message, [port]) {
    this.asked.push(message);
    if (token !== undefined) port.postMessage({ type: "token-answer", token });
    else port.close();
  },
});

async function worker(t, pages = []) {
  const net = new ScriptedNetwork();
  const scope = {
    net,
    skipped: 0,
    fetch: net.fetch,
    navigator: { locks: new TestLocks() },
    clients: { matchAll: async () => pages },
    skipWaiting: async () => (scope.skipped += 1),
  };
  const phone = await openPhone(t, { name: DATABASE_NAME });
  t.after(async () => {
    await phone.close();
    await deleteDB(DATABASE_NAME);
  });
  return { scope, phone };
}

/** Answers everything until the work is over. */
async function serve(net, work, answers = {}) {
  let over = false;
  const ended = work.finally(() => (over = true));
  ended.catch(() => undefined);
  while (!over) {
    const request = net.waiting.shift();
    if (request) (answers[request.what] ?? WELL[request.what])(request);
    await new Promise(setImmediate);
  }
  return ended;
}

test("a page's message drains the queue, with the page's token", async (t) => {
  const { scope, phone } = await worker(t, [page("from the page")]);
  await phone.take(2);
  let seen;
  const presign = (request) => {
    seen = request.init.headers.Authorization;
    request.sign();
  };

  const work = handleMessage(scope, { data: { type: "drain" }, origin: ORIGIN }, ORIGIN);

  assert.equal(await serve(scope.net, work, { presign }), "drained");
  assert.equal(seen, "Bearer from the page");
  assert.deepEqual(await phone.list(), []);
});

test("a replay that drained the queue sends the device inventory, a paused one sends none", async (t) => {
  const { scope, phone } = await worker(t, [page("t")]);
  const shot = await phone.queue.add(capture());
  await phone.take(1);
  const lists = [];
  const inventory = (request) => {
    lists.push(request.body);
    request.respond(200, { missing: 0 });
  };
  const presign = (request) => request.problem(401, "unauthenticated");

  await serve(
    scope.net,
    handleMessage(scope, { data: { type: "drain" }, origin: ORIGIN }, ORIGIN),
    {
      presign,
      inventory,
    },
  );
  assert.deepEqual(lists, []);
  await phone.queue.retryNow();
  await serve(
    scope.net,
    handleMessage(scope, { data: { type: "drain" }, origin: ORIGIN }, ORIGIN),
    {
      inventory,
    },
  );

  assert.deepEqual(
    lists.map(({ held }) => held.map(({ photoId }) => photoId)),
    [[shot.photoId]],
  );
});

test("messages from another origin, and unknown ones, are ignored", async (t) => {
  const { scope } = await worker(t);

  assert.equal(
    handleMessage(scope, { data: { type: "drain" }, origin: "https://evil.test" }, ORIGIN),
    null,
  );
  assert.equal(
    handleMessage(scope, { data: { type: "token-answer" }, origin: ORIGIN }, ORIGIN),
    null,
  );
  assert.equal(handleMessage(scope, { data: "drain", origin: ORIGIN }, ORIGIN), null);
});

test("a sync with no page open sends everything on the cookie and ends well", async (t) => {
  const { scope, phone } = await worker(t);
  await phone.take(1);
  let seen = "unasked";
  const presign = (request) => {
    seen = request.init.headers.Authorization;
    request.sign();
  };

  await serve(scope.net, sync(scope), { presign });

  assert.equal(seen, undefined);
  assert.deepEqual(await phone.list(), []);
});

test("a sync that leaves photos behind is refused, so that the browser comes back", async (t) => {
  const { scope, phone } = await worker(t);
  await phone.take(1);
  await phone.queueStore.writePause({
    concerns: "link",
    reason: "no-answer",
    attempt: 9,
    inMs: 200_000,
  });
  // The worker's own clock is the real one: the pause is dated by it.
  await phone.queue.database.write(["meta"], async (tx) => {
    const meta = tx.objectStore("meta");
    await meta.put({ ...(await meta.get("pause")), nextTryAt: Date.now() + 200_000 }, "pause");
  });

  await assert.rejects(sync(scope), /photos remain: waiting/);
});

test("a sync that would need a sign-in ends, since coming back would not help", async (t) => {
  const { scope, phone } = await worker(t);
  await phone.take(1);
  const presign = (request) => request.problem(401, "unauthenticated");

  await serve(scope.net, sync(scope), { presign });

  assert.deepEqual(await phone.states(), ["needs-sign-in"]);
});

test("a sync waits for the replay that runs, and gives up before the browser would end it", async (t) => {
  const { scope, phone } = await worker(t);
  await phone.take(1);
  scope.navigator.locks.held = { reject: () => {} };
  const clock = new TestClock();
  const syncing = sync(scope, clock);
  syncing.catch(() => undefined);
  await new Promise(setImmediate);
  assert.equal(scope.net.log.length, 0);

  await until(async () => (await phone.queueStore.msSinceHeartbeat()) === Infinity);
  clock.advance(170_000);

  await assert.rejects(syncing, /photos remain/);
});

test("an update waits for the replay that runs", async (t) => {
  const { scope } = await worker(t);
  let finish;
  const running = scope.navigator.locks.request(
    "clinicpro-replay",
    () => new Promise((resolve) => (finish = resolve)),
  );
  const message = { data: { type: "skip-waiting" }, origin: ORIGIN };
  const work = handleMessage(scope, message, ORIGIN);
  await until(() => finish);
  assert.equal(scope.skipped, 0);

  finish();
  await running;
  await work;

  assert.equal(scope.skipped, 1);
  await skipWaitingWhenIdle(scope);
  assert.equal(scope.skipped, 2);
});

const lenders = (pages, clock) => pageTokens({ matchAll: async () => pages }, clock);

test("every phone page is asked for a token and the first token is used", async () => {
  const pages = [page(null), page("two")];

  assert.equal(await lenders(pages)({ fresh: true }), "two");

  assert.deepEqual(pages[0].asked, [{ type: "token-request", fresh: true }]);
});

test("a page that lends no tokens is not even asked", async () => {
  const desktop = page("desktop", "/desktop");

  assert.equal(await lenders([desktop])({ fresh: false }), null);

  assert.deepEqual(desktop.asked, []);
});

test("pages without a token, or none at all, leave it to the cookie", async () => {
  assert.equal(await lenders([page(null), page(null)])({ fresh: false }), null);
  assert.equal(await lenders([])({ fresh: false }), null);
});

test("a page that says something else has no token", async () => {
  const odd = { ...page(null), postMessage: (_, [port]) => port.postMessage({ type: "drain" }) };

  assert.equal(await lenders([odd])({ fresh: false }), null);
});

test("a silent page is waited for three seconds, once in a while", async () => {
  const silent = page(undefined);
  const clock = new TestClock();
  const token = lenders([silent], clock);
  const asking = token({ fresh: false });
  await until(() => silent.asked.length === 1);

  clock.advance(3_000);

  assert.equal(await asking, null);
  assert.equal(await token({ fresh: false }), null);
  assert.equal(silent.asked.length, 1);
});

test("a token is asked for again when it may have died, or was refused", async () => {
  const lender = page("one");
  const clock = new TestClock();
  const token = lenders([lender], clock);
  await token({ fresh: false });
  await token({ fresh: false });
  assert.equal(lender.asked.length, 1);

  await token({ fresh: true });
  assert.equal(lender.asked.length, 2);
  clock.advance(20_000);
  await token({ fresh: false });

  assert.equal(lender.asked.length, 3);
});
