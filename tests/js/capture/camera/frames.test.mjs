/** Whether a video shows this moment; real frames and pixels are in e2e, here time is in the test's hands. */
import assert from "node:assert/strict";
import test from "node:test";

import { FrameWatch, spread } from "../../../../pwa/capture/camera/frames.js";
import { TestClock } from "../../clock.mjs";

const SCENE = new Uint8ClampedArray([10, 20, 30, 255, 90, 80, 70, 255]);
const BLACK = new Uint8ClampedArray([0, 0, 0, 255, 1, 1, 1, 255]);

/** A video whose frames the test shows, in a page whose pixels it draws. */
function stage(pixels = SCENE) {
  const time = new TestClock();
  const shown = { pixels, frames: 0, run: (..._) => {} };
  const context = { drawImage() {}, getImageData: () => ({ data: shown.pixels }) };
  globalThis.document = /** @type {any} */ ({
    hidden: false,
    createElement: () => ({ getContext: () => context }),
  });
  const video = {
    videoWidth: 8,
    requestVideoFrameCallback: (run) => void (shown.run = run),
  };
  const seen = [];
  const watch = new FrameWatch(/** @type {any} */ (video), (motion) => seen.push(motion), time);
  watch.start();
  const frame = (presentedFrames = ++shown.frames) => shown.run(time.now(), { presentedFrames });
  return { time, watch, seen, frame, shown };
}

test("a picture is of this moment for half a second, and stands still after two", async () => {
  const { time, watch, seen, frame } = stage();
  assert.equal(watch.fresh, false);
  frame();
  assert.equal(watch.fresh, true);

  await time.pass(600);
  assert.equal(watch.fresh, false);
  await time.pass(1600);

  assert.deepEqual(seen, ["moving", "still"]);
  frame();
  assert.equal(watch.fresh, true);
  assert.deepEqual(seen, ["moving", "still", "moving"]);
});

test("a frame that is reported again is no new frame", async () => {
  const { time, watch, frame } = stage();
  frame(7);
  for (let tick = 0; tick < 10; tick++) {
    await time.pass(250);
    frame(7);
  }
  assert.equal(watch.motion, "still");
});

test("waiting for the next frame ends with it, or with the report that there is none", async () => {
  const { time, watch, frame } = stage();
  frame();
  await time.pass(600);
  const next = watch.next();
  frame();
  assert.equal(await next, true);

  const none = watch.next();
  await time.pass(3000);
  assert.equal(await none, false);
});

test("first frames of one colour are not offered; noise in the dark is", () => {
  const { watch, seen, frame, shown } = stage(BLACK);
  frame();
  assert.equal(watch.fresh, false);
  shown.pixels = new Uint8ClampedArray([2, 3, 1, 255, 9, 0, 4, 255]);
  frame();
  assert.equal(watch.fresh, true);
  assert.deepEqual(seen, ["blank", "moving"]);
  assert.equal(spread(BLACK), 1);
});

test("a watch that has ended reports nothing more", async () => {
  const { time, watch, seen, frame } = stage();
  const waiting = watch.next();
  watch.stop();
  frame();
  await time.pass(5000);
  assert.equal(await waiting, false);
  assert.deepEqual(seen, []);
});
