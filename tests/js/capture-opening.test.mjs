/** Opening the queue has an end, whatever the storage does. */
import assert from "node:assert/strict";
import test from "node:test";

import { PATIENCE, opened } from "../../pwa/capture/opening.js";

const FOREVER = new Promise(() => {});

/** A clock with one timer, which the test lets run out. */
function stopwatch() {
  const clock = {
    now: () => 0,
    ms: 0,
    cancelled: false,
    ring: () => {},
    after(ms, run) {
      Object.assign(clock, { ms, ring: run });
      return () => (clock.cancelled = true);
    },
  };
  return clock;
}

const queueThat = (list) => /** @type {any} */ ({ list });
const unexpected = () => assert.fail("it was not late");

test("a queue that can be read is handed over, and nobody waits any more", async () => {
  const queue = queueThat(async () => ({ photos: [] }));
  const clock = stopwatch();

  assert.equal(await opened(async () => queue, unexpected, clock), queue);

  await new Promise(setImmediate);
  assert.equal(clock.cancelled, true);
});

for (const [what, open] of [
  ["refuses to open", () => Promise.reject(new Error("no"))],
  ["cannot be read", async () => queueThat(() => Promise.reject(new Error("no")))],
]) {
  test(`storage that ${what} is refused`, async () => {
    assert.equal(await opened(open, unexpected, stopwatch()), "storage");
  });
}

for (const [what, open] of [
  ["never opens", () => FOREVER],
  ["opens and is never read", async () => queueThat(() => FOREVER)],
]) {
  test(`storage that ${what} is silent after ten seconds`, async () => {
    const clock = stopwatch();

    const opening = opened(open, unexpected, clock);
    clock.ring();

    assert.equal(await opening, "silent");
    assert.equal(clock.ms, PATIENCE);
  });
}

test("storage that answers late is told of", async () => {
  const clock = stopwatch();
  const queue = queueThat(async () => ({ photos: [] }));
  let open = () => {};
  const slow = new Promise((resolve) => (open = () => resolve(queue)));
  const late = new Promise((resolve) => {
    void opened(() => slow, resolve, clock).then(open);
  });

  clock.ring();

  assert.equal(await late, queue);
});
