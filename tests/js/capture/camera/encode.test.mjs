/** The sizes a photo is drawn in, and what becomes of a browser's answers; canvas work is in e2e. */
import assert from "node:assert/strict";
import test from "node:test";

import { sizes } from "../../../../pwa/capture/camera/encode.js";

const steps = (width, height, edge) => sizes(width, height, edge).map((size) => size.join("x"));

test("12 MP goes down by half, twice the target, the target", () => {
  assert.deepEqual(steps(4032, 3024, 800), ["2016x1512", "1600x1200", "800x600"]);
});

test("a 1080p frame needs two steps, a picture within twice the target one", () => {
  assert.deepEqual(steps(1920, 1080, 800), ["1600x900", "800x450"]);
  assert.deepEqual(steps(1440, 1080, 800), ["800x600"]);
});

test("a small picture is never made larger", () => {
  assert.deepEqual(steps(640, 480, 800), ["640x480"]);
});

test("an upright picture is bounded by its height", () => {
  assert.deepEqual(steps(1080, 1920, 800).at(-1), "450x800");
});

test("no step is more than half, and the last keeps the longest edge, for any size", () => {
  for (let width = 1; width <= 8000; width += 61) {
    for (const [height, edge] of [
      [width, 800],
      [Math.ceil(width / 3), 320],
      [Math.ceil(width / 2), 2048],
    ]) {
      const chain = sizes(width, height, edge);
      let before = width;
      for (const [w] of chain) {
        // Rounding to whole pixels may add half a pixel to a step.
        assert.ok(before <= 2 * w + 1, `${width}: ${before} to ${w}`);
        before = w;
      }
      assert.equal(Math.max(...chain.at(-1)), Math.min(edge, Math.max(width, height)));
    }
  }
});

test("a 64 MP file never asks for a canvas that iOS leaves empty", () => {
  for (const [w, h] of sizes(9248, 6936, 800)) assert.ok(w * h <= 16_777_216);
  for (const [w, h] of sizes(12000, 9000, 2048)) assert.ok(w * h <= 16_777_216);
});

test("a hair-thin picture keeps at least one pixel", () => {
  assert.deepEqual(steps(8000, 1, 800).at(-1), "800x1");
});
