/**
 * How a picture lies in its file, and how it is turned upright: by us, for every container. Engines differ
 * (Chromium leaves a WebP as it lies), so that they are handed a file which says nothing about it. HEIC and
 * AVIF turn in their own boxes, which decoders obey alike; their Exif orientation does not count.
 */
import { isJpeg, isWebp, text, uint16 } from "./picture-bytes.js";
import { canvasOf, empty } from "./canvas.js";

/** @typedef {{orientation: number, at: number, length: number, instead: number[]}} Found value, and the bytes that encode it */

const UPRIGHT = 1;
const ORIENTATION_TAG = 0x0112;
const EXIF = "Exif\0\0";
const PNG = "\x89PNG\r\n\x1a\n";

/**
 * @param {ArrayBuffer} file
 * @returns {Found | null} null where the picture lies upright, or the file does not say
 */
export function orientationIn(file) {
  const bytes = new Uint8Array(file);
  const found = text(bytes, 0, 8) === PNG ? inPng(bytes) : inTiff(bytes, exifOf(bytes));
  return found && found.orientation > UPRIGHT && found.orientation <= 8 ? found : null;
}

/**
 * The same file without an orientation.
 * @param {File} file @param {Found} found
 */
export function withoutOrientation(file, { at, length, instead }) {
  const parts = [file.slice(0, at), new Uint8Array(instead), file.slice(at + length)];
  return new Blob(parts, { type: file.type });
}

/**
 * @param {HTMLCanvasElement} lying emptied by this call
 * @param {number} orientation 2 to 8
 */
export function upright(lying, orientation) {
  const { width: w, height: h } = lying;
  const turned = orientation >= 5 ? canvasOf(h, w) : canvasOf(w, h);
  const context = turned.getContext("2d", { alpha: false });
  if (!context) throw new Error("no canvas");
  context.imageSmoothingEnabled = false;
  context.setTransform(...matrix(orientation, w, h));
  context.drawImage(lying, 0, 0);
  empty(lying);
  return turned;
}

/**
 * @param {number} orientation @param {number} w @param {number} h
 * @returns {[number, number, number, number, number, number]}
 */
function matrix(orientation, w, h) {
  switch (orientation) {
    case 2:
      return [-1, 0, 0, 1, w, 0];
    case 3:
      return [-1, 0, 0, -1, w, h];
    case 4:
      return [1, 0, 0, -1, 0, h];
    case 5:
      return [0, 1, 1, 0, 0, 0];
    case 6:
      return [0, 1, -1, 0, h, 0];
    case 7:
      return [0, -1, -1, 0, h, w];
    default:
      return [0, -1, 1, 0, 0, w];
  }
}

/** Where the Exif of a JPEG or WebP begins; -1 without one. @param {Uint8Array} bytes */
function exifOf(bytes) {
  if (isJpeg(bytes)) return exifOfJpeg(bytes);
  if (isWebp(bytes)) return exifOfWebp(bytes);
  return -1;
}

/** @param {Uint8Array} bytes */
function exifOfJpeg(bytes) {
  for (let at = 2; bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    // Markers may be filled up with FF.
    if (bytes[at + 1] === 0xff) at += 1;
    else if (bytes[at + 1] === 0xe1 && text(bytes, at + 4, 6) === EXIF) return at + 10;
    else at += 2 + uint16(bytes, at + 2);
  }
  return -1;
}

/** @param {Uint8Array} bytes */
function exifOfWebp(bytes) {
  const view = new DataView(bytes.buffer);
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    // Some writers put the JPEG's own prefix before it.
    if (text(bytes, at, 4) === "EXIF") return at + 8 + (text(bytes, at + 8, 6) === EXIF ? 6 : 0);
    at += 8 + size + (size % 2);
  }
  return -1;
}

/** A changed chunk would need a new checksum: the whole chunk goes. @param {Uint8Array} bytes @returns {Found | null} */
function inPng(bytes) {
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = 12 + view.getUint32(at);
    const name = text(bytes, at + 4, 4);
    if (name === "IEND") return null;
    const found = name === "eXIf" ? inTiff(bytes, at + 8) : null;
    if (found) return { ...found, at, length, instead: [] };
    at += length;
  }
  return null;
}

/** @param {Uint8Array} bytes @param {number} start of the TIFF header @returns {Found | null} */
function inTiff(bytes, start) {
  if (start < 0 || start + 8 > bytes.length) return null;
  const order = text(bytes, start, 2);
  if (order !== "II" && order !== "MM") return null;
  const little = order === "II";
  const view = new DataView(bytes.buffer);
  const directory = start + view.getUint32(start + 4, little);
  if (directory + 2 > bytes.length) return null;
  const count = view.getUint16(directory, little);
  return inDirectory(view, directory + 2, count, little);
}

/** @param {DataView} view @param {number} first entry @param {number} count @param {boolean} little @returns {Found | null} */
function inDirectory(view, first, count, little) {
  for (let at = first; at < first + 12 * count; at += 12) {
    if (at + 12 > view.byteLength) return null;
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const orientation = view.getUint16(at + 8, little);
    return { orientation, at: at + 8, length: 2, instead: little ? [1, 0] : [0, 1] };
  }
  return null;
}
