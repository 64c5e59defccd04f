/** One replay per origin: which one gets the lock, which one waits, which one must stop. */
import assert from "node:assert/strict";
import test from "node:test";

import { SILENT_MS, withReplayLock } from "../../../pwa/queue/replay/lock.js";
import { openPhone, until } from "./support.mjs";

const holding = (phone, run, change = {}) => ({
  locks: phone.locks,
  queueStore: phone.queueStore,
  clock: phone.clock,
  wait: false,
  signal: new AbortController().signal,
  run,
  ...change,
});

test("an error of the work is passed on and frees the lock", async (t) => {
  const phone = await openPhone(t);
  const run = async () => {
    throw new Error("storage");
  };

  await assert.rejects(withReplayLock(holding(phone, run)), /storage/);

  assert.equal(phone.locks.held, null);
});

test("a wait for the lock can be aborted", async (t) => {
  const phone = await openPhone(t);
  const controller = new AbortController();
  let finish;
  const first = withReplayLock(holding(phone, () => new Promise((resolve) => (finish = resolve))));
  await until(() => finish);
  const options = { wait: true, signal: controller.signal };
  const second = withReplayLock(holding(phone, async () => "second", options));

  controller.abort();

  assert.equal(await second, "busy");
  finish("first");
  assert.equal(await first, "first");
});

test("a lock without any heartbeat at all is taken for one of a dead holder", async (t) => {
  const phone = await openPhone(t);
  assert.equal(await phone.queueStore.msSinceHeartbeat(), Infinity);
  phone.locks.held = { reject: () => {} };

  assert.equal(await withReplayLock(holding(phone, async () => "mine")), "mine");
});

test("a clock that was set back does not keep a dead holder alive", async (t) => {
  const phone = await openPhone(t);
  await phone.queueStore.writeHeartbeat();
  phone.locks.held = { reject: () => {} };
  assert.equal(await withReplayLock(holding(phone, async () => "mine")), "busy");

  phone.clock.skew = -SILENT_MS;

  assert.equal(await withReplayLock(holding(phone, async () => "mine")), "mine");
});

test("an aborted replay does not steal the lock", async (t) => {
  const phone = await openPhone(t);
  phone.locks.held = { reject: () => {} };
  const controller = new AbortController();
  controller.abort();

  const outcome = await withReplayLock(
    holding(phone, async () => "mine", { signal: controller.signal }),
  );

  assert.equal(outcome, "busy");
});

test("a heartbeat that cannot be written is tried again at the next beat", async (t) => {
  const phone = await openPhone(t);
  let beats = 0;
  const queueStore = {
    writeHeartbeat: async () => {
      beats += 1;
      if (beats === 2) throw new Error("storage");
    },
  };
  let finish;
  const run = () => new Promise((resolve) => (finish = resolve));
  const running = withReplayLock(holding(phone, run, { queueStore }));
  await until(() => finish);

  for (const expected of [2, 3, 4]) {
    phone.clock.advance(15_000);
    await until(() => beats === expected);
    await new Promise(setImmediate);
  }

  phone.clock.advance(15_000);
  finish("done");
  assert.equal(await running, "done");
  await new Promise(setImmediate);
  phone.clock.advance(15_000);
  assert.equal(beats, 5);
});
