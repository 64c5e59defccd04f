/** Canvases, and whether this browser gives their pixels back as they were drawn. */
import { withLimit } from "../../shared/clock.js";

const EDGE = 16;
const ANSWER = 2000; // ms
const ROUNDED = 2; // of 255, through a file and back

/** The browser changes pixels: no photo made here shows what was before the lens. */
export class PixelsChanged extends Error {
  name = "PixelsChanged";
}

/** @param {number} width @param {number} height */
export function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** @param {HTMLCanvasElement} canvas */
export function empty(canvas) {
  canvas.width = canvas.height = 0;
}

/**
 * Draws colours that are known and reads them back. Protection against fingerprinting answers with
 * others: Firefox with random ones, Brave with a few that differ by one.
 */
export function pixelsAreTrue() {
  const canvas = knownColours();
  const found = canvas.getContext("2d")?.getImageData(0, 0, EDGE, EDGE).data;
  empty(canvas);
  return !!found && differs(found) === 0;
}

/** @type {Promise<boolean> | null} */
let fileIsTrue = null;

/**
 * Before a photo is made: pixels are true, and those of a file as well.
 * @throws {PixelsChanged}
 */
export async function expectTruePixels() {
  // An encoder that does not answer has changed no pixels; encoding the photo reports it.
  fileIsTrue ??= withLimit(throughAFile(), ANSWER, "canvas").catch(() => true);
  if (pixelsAreTrue() && (await fileIsTrue)) return;
  fileIsTrue = null;
  throw new PixelsChanged();
}

async function throughAFile() {
  const canvas = knownColours();
  /** @type {Blob|null} */
  const file = await new Promise((resolve) => canvas.toBlob(resolve));
  if (!file) return true;
  empty(canvas);
  const picture = await createImageBitmap(file);
  const context = canvasOf(EDGE, EDGE).getContext("2d");
  context?.drawImage(picture, 0, 0);
  picture.close();
  return !context || differs(context.getImageData(0, 0, EDGE, EDGE).data) <= ROUNDED;
}

/** Many colours: what is of one colour is spared by some protections. */
function knownColours() {
  const canvas = canvasOf(EDGE, EDGE);
  const context = canvas.getContext("2d", { alpha: false });
  for (let at = 0; at < EDGE * EDGE && context; at++) {
    context.fillStyle = `rgb(${colour(at).join(" ")})`;
    context.fillRect(at % EDGE, Math.floor(at / EDGE), 1, 1);
  }
  return canvas;
}

/** @param {number} at */
const colour = (at) => [(at * 7) % 256, (at * 29 + 40) % 256, 255 - (at % 256)];

/** The largest difference to the known colours. @param {Uint8ClampedArray} found */
function differs(found) {
  let most = 0;
  for (let at = 0; at < EDGE * EDGE; at++)
    colour(at).forEach((value, channel) => {
      most = Math.max(most, Math.abs(value - found[4 * at + channel]));
    });
  return most;
}
