/**
 * A warning about blur and darkness, from a grey copy of 256 px; it informs and never blocks.
 *
 * Thresholds: seven real scenes (phones and compact cameras) at 800 px, measured by
 * tests/test_quality_thresholds.py. Sharp: sharpness 0.022 to 0.211. Gaussian blur of radius 4:
 * 0.0009 to 0.0056, of radius 6: 0.0003 to 0.0014. Mean luma as taken: 94 to 132; at half the light
 * 47 to 66; at a quarter 23 to 33. So good photos stay 9x and 2x clear of the lines.
 */

export const GREY_EDGE = 256;
const BLURRY_BELOW = 0.0025;
const DARK_BELOW = 40;

/**
 * @param {ArrayLike<number>} grey luma 0 to 255, row by row
 * @param {number} width
 * @param {number} height
 * @returns {{sharpness: number, luma: number}} mean luma, and the variance of the Laplacian over its
 *   square, so that poor light alone does not count as blur
 */
export function measure(grey, width, height) {
  let light = 0;
  for (let i = 0; i < width * height; i++) light += grey[i];
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1; at < (y + 1) * width - 1; at++) {
      const edge = grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width] - 4 * grey[at];
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  const luma = light / (width * height);
  const variance = squares / count - (sum / count) ** 2;
  return { sharpness: variance / Math.max(luma, 1) ** 2, luma };
}

/**
 * @param {{sharpness: number, luma: number}} measured
 * @returns {{blurry: boolean, dark: boolean}}
 */
export function assessQuality({ sharpness, luma }) {
  return { blurry: sharpness < BLURRY_BELOW, dark: luma < DARK_BELOW };
}

/**
 * Grey values of RGBA pixels (Rec. 601 luma).
 * @param {Uint8ClampedArray} pixels
 */
export function toGrey(pixels) {
  const grey = new Float32Array(pixels.length / 4);
  for (let i = 0; i < grey.length; i++)
    grey[i] = 0.299 * pixels[4 * i] + 0.587 * pixels[4 * i + 1] + 0.114 * pixels[4 * i + 2];
  return grey;
}
