/** Opening the queue has an end, whatever the storage does. */
import assert from "node:assert/strict";
import test from "node:test";

import { OPENING_LIMIT_MS, openInTime } from "../../../pwa/capture/session/open-queue.js";

const NEVER = new Promise(() => {});

/** A clock with one timer, which the test lets run out. */
function stopwatch() {
  const clock = {
    now: () => 0,
    ms: 0,
    cancelled: false,
    runOut: () => {},
    after(ms, run) {
      Object.assign(clock, { ms, runOut: run });
      return () => (clock.cancelled = true);
    },
  };
  return clock;
}

const queueThat = (list) => /** @type {any} */ ({ list });
const unexpected = () => assert.fail("it was not late");

test("a queue that can be read is handed over, and the timer is cancelled", async () => {
  const queue = queueThat(async () => ({ photos: [] }));
  const clock = stopwatch();

  assert.equal(await openInTime(async () => queue, unexpected, clock), queue);

  await new Promise(setImmediate);
  assert.equal(clock.cancelled, true);
});

for (const [what, open] of [
  ["refuses to open", () => Promise.reject(new Error("no"))],
  ["cannot be read", async () => queueThat(() => Promise.reject(new Error("no")))],
]) {
  test(`storage that ${what} is refused`, async () => {
    assert.equal(await openInTime(open, unexpected, stopwatch()), "storage");
  });
}

for (const [what, open] of [
  ["never opens", () => NEVER],
  ["opens and is never read", async () => queueThat(() => NEVER)],
]) {
  test(`storage that ${what} is silent after ten seconds`, async () => {
    const clock = stopwatch();

    const opening = openInTime(open, unexpected, clock);
    clock.runOut();

    assert.equal(await opening, "silent");
    assert.equal(clock.ms, OPENING_LIMIT_MS);
  });
}

test("storage that answers late is reported", async () => {
  const clock = stopwatch();
  const queue = queueThat(async () => ({ photos: [] }));
  let open = () => {};
  const slow = new Promise((resolve) => (open = () => resolve(queue)));
  const late = new Promise((resolve) => {
    void openInTime(() => slow, resolve, clock).then(open);
  });

  clock.runOut();

  assert.equal(await late, queue);
});
