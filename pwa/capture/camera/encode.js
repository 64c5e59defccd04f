/**
 * Makes the one JPEG (or WebP) of a photo: scaled down in steps of at most 2x, without metadata.
 *
 * A single large step is aliased in three engines. No path returns the original file, and what an
 * engine writes into a canvas's file by itself is taken out again. Canvases are emptied after use, because iOS counts them against one small limit.
 */
import { NoAnswer, withLimit } from "../../shared/clock.js";
import { MOST_BYTES } from "../../queue/photo-record.js";
import { canvasOf, empty, expectTruePixels } from "./canvas.js";
import { withoutMetadata } from "./clean.js";
import { isDamagedJpeg } from "./jpeg-damage.js";
import { orientationIn, upright, withoutOrientation } from "./orientation.js";
import { GREY_EDGE, assessQuality, measure, toGrey } from "./quality.js";

/** @typedef {{longestEdge: number, format: "jpeg"|"webp", quality: number, maxBytes?: number}} ImageSettings */
/** @typedef {{bytes: ArrayBuffer, contentType: string, width: number, height: number, quality: {blurry: boolean, dark: boolean, damaged?: boolean}}} Encoded */
/** @typedef {[width: number, height: number]} Size */

const ENCODED = 8000; // ms; a phone under load needs one or two seconds for a photo
const DECODED = 15_000; // ms; for a file of a hundred megapixels
const MAX_CANVAS_PIXELS = 16_777_216; // iOS draws nothing on a larger canvas

/** A picture so long that this few pixels would be left of its short side shows nothing any more. */
const THINNEST = 16;

/** Tried in turn where a photo is too large for the server; below the last one detail goes before pixels do. */
const LOWER_QUALITIES = [0.92, 0.8, 0.65, 0.5];
const LOSSY = 0.99;
const SMALLER = 0.8;
const SMALLEST_EDGE = 64;

/** The browser cannot open this file; the message is its name. */
export class Undecodable extends Error {}

/** Almost nothing would be left of this picture; the message is the file's name. */
export class TooLong extends Error {
  /** @param {string} name @param {Size} from @param {Size} to */
  constructor(name, from, to) {
    super(name);
    this.from = from;
    this.to = to;
  }
}

/**
 * The sizes to draw, from large to small; the last is the result. Never larger than the source.
 * @param {number} width
 * @param {number} height
 * @param {number} longestEdge
 * @returns {Size[]}
 */
export function sizes(width, height, longestEdge) {
  const source = Math.max(width, height);
  const target = Math.min(source, longestEdge);
  /** @param {number} edge @returns {Size} */
  const scaled = (edge) => [
    Math.max(1, Math.round((width * edge) / source)),
    Math.max(1, Math.round((height * edge) / source)),
  ];
  const edges = [target];
  if (source > 2 * target) edges.unshift(2 * target);
  const halves = [];
  for (let half = source / 2; half > 2 * target; half /= 2) halves.push(half);
  return [...halves, ...edges].map(scaled).filter(([w, h]) => w * h <= MAX_CANVAS_PIXELS);
}

/**
 * @param {HTMLCanvasElement} frame emptied by this call
 * @param {ImageSettings} settings
 * @returns {Promise<Encoded>}
 */
export function encodeFrame(frame, settings) {
  try {
    const small = shrink(frame, sizes(frame.width, frame.height, settings.longestEdge));
    return encode(small, settings);
  } finally {
    empty(frame);
  }
}

/**
 * @param {File} file
 * @param {ImageSettings} settings
 * @returns {Promise<Encoded>} rejects with Undecodable where the browser cannot open the file
 * @throws {TooLong}
 */
export async function encodeFile(file, settings) {
  const { bitmap, orientation, damaged } = await decode(file).catch(() => {
    throw new Undecodable(file.name);
  });
  try {
    const chain = sizes(bitmap.width, bitmap.height, settings.longestEdge);
    expectThickness(file.name, [bitmap.width, bitmap.height], chain[chain.length - 1]);
    const small = shrink(bitmap, chain);
    const encoded = await encode(orientation ? upright(small, orientation) : small, settings);
    return { ...encoded, quality: { ...encoded.quality, damaged } };
  } finally {
    bitmap.close();
  }
}

/** The pixels as they lie in the file, and how they are to be turned. @param {File} file */
async function decode(file) {
  const bytes = await withLimit(file.arrayBuffer(), DECODED, "file");
  const found = orientationIn(bytes);
  const neutral = found ? withoutOrientation(file, found) : file;
  const bitmap = await withLimit(createImageBitmap(neutral), DECODED, "decoder");
  return { bitmap, orientation: found?.orientation, damaged: isDamagedJpeg(bytes) };
}

/** @param {string} name @param {Size} from @param {Size} to */
function expectThickness(name, from, to) {
  if (Math.min(...to) < THINNEST && Math.min(...from) > 2 * Math.min(...to))
    throw new TooLong(name, from, to);
}

/**
 * Draws a source onto a canvas of its own; white under transparent files.
 * @param {CanvasImageSource} source
 * @param {Size} size
 */
export function draw(source, [width, height]) {
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}

/** @param {CanvasImageSource} source @param {Size[]} chain */
function shrink(source, chain) {
  let last = draw(source, chain[0]);
  for (const size of chain.slice(1)) {
    const next = draw(last, size);
    empty(last);
    last = next;
  }
  return last;
}

/** @param {HTMLCanvasElement} canvas @param {ImageSettings} settings @returns {Promise<Encoded>} */
async function encode(canvas, settings) {
  let fitting = canvas;
  try {
    await expectTruePixels();
    const quality = qualityOf(canvas);
    for (const smaller of edges(canvas)) {
      fitting = smaller;
      const made = await underLimit(fitting, settings);
      const { width, height } = fitting;
      if (made) return { bytes: made.bytes, contentType: made.type, width, height, quality };
    }
    throw new Error("no photo fits the server's limit");
  } finally {
    empty(fitting);
  }
}

/**
 * The canvas itself, then smaller and smaller ones of the same picture, each emptied for the next.
 * @param {HTMLCanvasElement} canvas
 */
function* edges(canvas) {
  for (let last = canvas; ;) {
    yield last;
    const { width, height } = last;
    if (Math.max(width, height) <= SMALLEST_EDGE) return;
    const [size] = sizes(width, height, Math.round(Math.max(width, height) * SMALLER)).slice(-1);
    const next = draw(last, size);
    empty(last);
    last = next;
  }
}

/**
 * One that the server takes, at the quality that was set or the first lower one that fits.
 * @param {HTMLCanvasElement} canvas @param {ImageSettings} settings
 * @returns {Promise<{type: string, bytes: ArrayBuffer}|null>} null where none of this size fits
 */
async function underLimit(canvas, settings) {
  const most = limitOf(settings);
  for (const quality of qualities(settings)) {
    const { type, bytes } = await compressedTwice(canvas, { ...settings, quality });
    const clean = withoutMetadata(bytes);
    if (clean.byteLength <= most) return { type, bytes: clean };
  }
  return null;
}

/**
 * The most bytes of a photo: the server's limit where it is known, never above the built-in one.
 * @param {Pick<ImageSettings, "maxBytes">} settings
 */
export const limitOf = ({ maxBytes }) =>
  maxBytes && maxBytes > 0 ? Math.min(maxBytes, MOST_BYTES) : MOST_BYTES;

/**
 * @param {Pick<ImageSettings, "quality" | "format">} settings
 * @returns {number[]} the quality as it was set, and the lower ones to try in turn
 */
export function qualities({ quality, format }) {
  // At 1 engines write a WebP without any loss, several times as large and as slow.
  const first = format === "webp" ? Math.min(quality, LOSSY) : quality;
  return [first, ...LOWER_QUALITIES.filter((lower) => lower < first - 0.02)];
}

/**
 * WebKit keeps a blob in another process; when that one ends, the bytes are gone and the canvas is not.
 * @param {HTMLCanvasElement} canvas @param {ImageSettings} settings
 */
function compressedTwice(canvas, settings) {
  return compress(canvas, settings).catch((error) => {
    // An encoder that does not answer once is not waited for twice.
    if (error instanceof NoAnswer) throw error;
    return compress(canvas, settings);
  });
}

/** @param {HTMLCanvasElement} canvas @param {ImageSettings} settings */
async function compress(canvas, { format, quality }) {
  let blob = await toBlob(canvas, `image/${format}`, quality);
  // An engine without a WebP encoder answers with PNG.
  if (blob?.type !== `image/${format}`) blob = await toBlob(canvas, "image/jpeg", quality);
  if (blob?.type !== "image/jpeg" && blob?.type !== "image/webp") throw new Error("not encoded");
  return { type: blob.type, bytes: await withLimit(blob.arrayBuffer(), ENCODED, "blob") };
}

/** @param {HTMLCanvasElement} canvas */
function qualityOf(canvas) {
  const [size] = sizes(canvas.width, canvas.height, GREY_EDGE).slice(-1);
  const small = draw(canvas, size);
  const pixels = small.getContext("2d")?.getImageData(0, 0, ...size).data;
  empty(small);
  return assessQuality(measure(toGrey(pixels ?? new Uint8ClampedArray()), ...size));
}

/**
 * @param {HTMLCanvasElement} canvas @param {string} type @param {number} quality
 * @returns {Promise<Blob|null>}
 */
function toBlob(canvas, type, quality) {
  const made = new Promise((resolve) => canvas.toBlob(resolve, type, quality));
  return withLimit(made, ENCODED, "toBlob");
}
