/** Blur and darkness of a grey copy; the thresholds are checked by tests/test_quality_thresholds.py. */
import assert from "node:assert/strict";
import test from "node:test";

import { assessQuality, measure, toGrey } from "../../../../pwa/capture/camera/quality.js";

const SIDE = 64;
const picture = (value) =>
  Float32Array.from({ length: SIDE * SIDE }, (_, at) => value(at % SIDE, Math.floor(at / SIDE)));
const squares = picture((x, y) => (((x >> 2) + (y >> 2)) % 2 ? 200 : 60));
const assessed = (grey) => assessQuality(measure(grey, SIDE, SIDE));

test("a picture with edges is neither blurred nor dark", () => {
  assert.deepEqual(assessed(squares), { blurry: false, dark: false });
});

test("a flat picture has no edges", () => {
  assert.equal(
    measure(
      picture(() => 128),
      SIDE,
      SIDE,
    ).sharpness,
    0,
  );
  assert.deepEqual(assessed(picture(() => 128)), { blurry: true, dark: false });
});

test("a slow slope looks blurred", () => {
  assert.equal(assessed(picture((x) => 60 + x * 2)).blurry, true);
});

test("the Laplacian of one bright point is as computed by hand", () => {
  const point = [0, 0, 0, 0, 9, 0, 0, 0, 0];

  assert.deepEqual(measure(point, 3, 3), { sharpness: 0, luma: 1 });
  const wider = new Float32Array(25).fill(1);
  wider[12] = 10;
  // 3 x 3 inner points: -36 in the middle, 9 at its four sides, 0 at the corners; sum 0.
  assert.ok(Math.abs(measure(wider, 5, 5).sharpness - (36 ** 2 + 4 * 81) / 9 / 1.36 ** 2) < 1e-3);
});

test("poor light alone does not count as blur", () => {
  const night = assessed(squares.map((value) => value / 5));

  assert.deepEqual(night, { blurry: false, dark: true });
});

test("a picture of a single pixel is measured without an error", () => {
  assert.deepEqual(measure([128], 1, 1), { sharpness: 0, luma: 128 });
});

test("grey weighs green most and ignores transparency", () => {
  const [red, green, blue, white] = toGrey(
    new Uint8ClampedArray([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 0, 255, 255, 255, 255]),
  );

  assert.ok(green > red && red > blue);
  assert.ok(Math.abs(white - 255) < 1e-3);
});
