/** Time, and the end of what takes too long. */
import assert from "node:assert/strict";
import test from "node:test";

import { realClock, within } from "../../../pwa/shared/clock.js";
import { TestClock } from "../clock.mjs";

test("the real clock runs what it was given, unless that was cancelled", async () => {
  const began = realClock.now();
  let ran = 0;
  const cancel = realClock.after(0, () => (ran += 1));
  cancel();

  await new Promise((resolve) => realClock.after(1, resolve));

  assert.equal(ran, 0);
  assert.ok(realClock.now() >= began);
});

test("work under a limit is aborted with the outer signal, even before it began", async () => {
  const controller = new AbortController();
  controller.abort(new Error("given up"));

  const working = within(new TestClock(), 1, controller.signal, async (signal) => {
    signal.throwIfAborted();
  });

  await assert.rejects(working, /given up/);
});
