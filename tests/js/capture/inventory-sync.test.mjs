/** When the phone reports its device inventory: bursts as one list, and nothing that changes meanwhile is left out. */
import assert from "node:assert/strict";
import test from "node:test";

import { InventorySync } from "../../../pwa/capture/upload-queue/inventory-sync.js";
import { TestLocks, capture, openPhone, until } from "../queue/support.mjs";
import { TestClock } from "../clock.mjs";

/** A phone, and a server that answers each list when the test says so. */
async function start(t) {
  const { queue } = await openPhone(t);
  const time = new TestClock();
  const answers = [];
  const reported = [];
  const request = (method, path, list) => {
    reported.push(list.held.length);
    return new Promise((answer) => answers.push(answer));
  };
  const inventorySync = new InventorySync(queue, request, {
    locks: new TestLocks(),
    clock: time,
  });
  return { queue, time, answers, reported, inventorySync };
}

test("a burst is one list", async (t) => {
  const { queue, time, reported, inventorySync } = await start(t);
  for (let photo = 0; photo < 3; photo++) {
    await queue.add(capture());
    inventorySync.sync();
  }

  await time.pass(1000);
  await until(() => reported.length > 0);

  assert.deepEqual(reported, [3]);
  assert.equal(time.waiting, 0);
});

test("a photo taken while the server answers is reported after the answer", async (t) => {
  const { queue, time, answers, reported, inventorySync } = await start(t);
  await queue.add(capture());
  inventorySync.sync();
  await time.pass(1000);
  await until(() => reported.length === 1);

  await queue.add(capture());
  inventorySync.sync();
  await time.pass(5000);
  answers[0]();
  await until(() => time.waiting === 1);
  await time.pass(1000);
  await until(() => reported.length === 2);

  assert.deepEqual(reported, [1, 2]);
});

test("a report that fails is not repeated until the next contact", async (t) => {
  const { time, answers, reported, inventorySync } = await start(t);
  inventorySync.sync();
  await time.pass(1000);
  await until(() => reported.length === 1);

  answers[0](Promise.reject(new Error("no answer")));
  await time.pass(60_000);
  assert.deepEqual(reported, [0]);

  inventorySync.sync();
  await time.pass(1000);
  await until(() => reported.length === 2);
});
