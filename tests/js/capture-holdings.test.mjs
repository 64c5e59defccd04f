/** When the phone tells what it holds: bursts as one list, and nothing that changes meanwhile is left out. */
import assert from "node:assert/strict";
import test from "node:test";

import { Holdings } from "../../pwa/capture/holdings.js";
import { TestLocks, capture, openPhone, until } from "./queue/support.mjs";
import { VirtualTime } from "./virtual-time.mjs";

/** A phone, and a server that answers each list when the test says so. */
async function start(t) {
  const { queue } = await openPhone(t);
  const time = new VirtualTime();
  const answers = [];
  const told = [];
  const request = (method, path, list) => {
    told.push(list.held.length);
    return new Promise((answer) => answers.push(answer));
  };
  const holdings = new Holdings(queue, request, { locks: new TestLocks(), timers: time.timers });
  return { queue, time, answers, told, holdings };
}

test("a burst is one list", async (t) => {
  const { queue, time, told, holdings } = await start(t);
  for (let photo = 0; photo < 3; photo++) {
    await queue.add(capture());
    holdings.tell();
  }

  await time.pass(1000);
  await until(() => told.length > 0);

  assert.deepEqual(told, [3]);
  assert.equal(time.waiting, 0);
});

test("a photo taken while the server answers is told after the answer", async (t) => {
  const { queue, time, answers, told, holdings } = await start(t);
  await queue.add(capture());
  holdings.tell();
  await time.pass(1000);
  await until(() => told.length === 1);

  await queue.add(capture());
  holdings.tell();
  await time.pass(5000);
  answers[0]();
  await until(() => time.waiting === 1);
  await time.pass(1000);
  await until(() => told.length === 2);

  assert.deepEqual(told, [1, 2]);
});

test("a server that hears nothing is not asked again until the next contact", async (t) => {
  const { time, answers, told, holdings } = await start(t);
  holdings.tell();
  await time.pass(1000);
  await until(() => told.length === 1);

  answers[0](Promise.reject(new Error("no answer")));
  await time.pass(60_000);
  assert.deepEqual(told, [0]);

  holdings.tell();
  await time.pass(1000);
  await until(() => told.length === 2);
});
