/**
 * Takes out of an encoded picture what an engine adds by itself: Safari's canvas writes Exif and an
 * empty Photoshop block, others a comment or a colour profile. What stays is pixels, so the server can
 * refuse everything else. A canvas holds sRGB, which is what a picture without a profile means.
 * Works on bytes alone; the pixels are never touched.
 */

import { isJpeg, isWebp, nextMarker, text, uint16 } from "./picture-bytes.js";

const EOI = 0xd9;
const SOS = 0xda;
/** JFIF, Adobe's colour transform: a decoder needs them. */
const KEPT_APPS = new Set([0xe0, 0xee]);
const KEPT_CHUNKS = new Set(["VP8 ", "VP8L", "VP8X", "ALPH"]);
/** Bits of VP8X for a colour profile, Exif and XMP. */
const METADATA_BITS = 0x20 | 0x08 | 0x04;

/** The bytes are not the picture that an encoder makes. */
class NotAPicture extends Error {}

/**
 * @param {ArrayBuffer} encoded a whole JPEG or WebP
 * @returns {ArrayBuffer} the same pixels without metadata; rejects nothing that a canvas makes
 * @throws {NotAPicture}
 */
export function withoutMetadata(encoded) {
  const bytes = new Uint8Array(encoded);
  if (isJpeg(bytes)) return join(jpegParts(bytes));
  if (isWebp(bytes)) return webp(bytes);
  throw new NotAPicture("neither JPEG nor WebP");
}

/** @param {Uint8Array} bytes @returns {Uint8Array[]} */
function jpegParts(bytes) {
  const parts = [bytes.subarray(0, 2)];
  let at = 2;
  while (bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === EOI) return [...parts, bytes.subarray(at, at + 2)];
    const segment = at + 2 + uint16(bytes, at + 2);
    const end = marker === SOS ? nextMarker(bytes, segment) : segment;
    if (end > bytes.length || end < at + 4) break;
    if (isKept(marker)) parts.push(bytes.subarray(at, end));
    at = end;
  }
  throw new NotAPicture("a JPEG that is cut off");
}

/** @param {number} marker */
function isKept(marker) {
  const isApp = marker >= 0xe0 && marker <= 0xef;
  return marker !== 0xfe && (!isApp || KEPT_APPS.has(marker));
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function webp(bytes) {
  const view = new DataView(bytes.buffer);
  const end = Math.min(bytes.length, 8 + view.getUint32(4, true));
  const parts = [bytes.slice(0, 12)];
  for (let at = 12; at + 8 <= end;) {
    const size = view.getUint32(at + 4, true);
    const next = at + 8 + size + (size % 2);
    if (next > end) throw new NotAPicture("a WebP that is cut off");
    const name = text(bytes, at, 4);
    if (KEPT_CHUNKS.has(name)) parts.push(chunk(name, bytes.slice(at, next)));
    at = next;
  }
  const whole = join(parts);
  new DataView(whole).setUint32(4, whole.byteLength - 8, true);
  return whole;
}

/** @param {string} name @param {Uint8Array<ArrayBuffer>} part a copy */
function chunk(name, part) {
  if (name === "VP8X") part[8] &= ~METADATA_BITS;
  return part;
}

/** @param {Uint8Array[]} parts */
function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}
