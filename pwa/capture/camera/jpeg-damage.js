/**
 * Whether a JPEG's compressed data fits its own tables. A browser shows a damaged file without an
 * error, grey or shifted from the damage on; here the codes are walked once, without making a picture.
 * Baseline files alone, which cameras write; of others only the end is looked for.
 */
import { JpegBits, codesOf, isJpeg, nextMarker, uint16 } from "./picture-bytes.js";

/**
 * @typedef {object} Component
 * @property {number} id
 * @property {number} h blocks across in a unit
 * @property {number} v blocks down
 * @property {number} step what one of its DC values stands for
 * @property {number} quantiser
 */
/** @typedef {Component & {dc: Uint16Array, ac: Uint16Array}} Chosen with its codes */
/**
 * @typedef {object} Picture
 * @property {boolean} baseline
 * @property {number} width
 * @property {number} height
 * @property {Component[]} components
 * @property {Map<number, Uint16Array>} codes
 * @property {Map<number, number>} steps
 * @property {number} interval of restarts, in units
 */

const DARKEST = 1024; // the DC value of black or white, by the standard
const SLACK = 64; // rounding, and sharpening by cameras

/** @param {ArrayBuffer} file @returns {boolean} false for what is no JPEG */
export function isDamagedJpeg(file) {
  const bytes = new Uint8Array(file);
  if (!isJpeg(bytes)) return false;
  const picture = blank();
  for (let at = 2; bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xd9) return false;
    if (marker === 0xff) at += 1;
    else {
      const next = at + 2 + uint16(bytes, at + 2);
      readSegment(picture, marker, bytes.subarray(at + 4, next));
      at = marker === 0xda ? scanEnd(picture, bytes, at + 4, next) : next;
    }
  }
  // Neither the end of the picture, nor a marker where one must be.
  return true;
}

/** @returns {Picture} */
function blank() {
  return {
    ...{ baseline: false, width: 0, height: 0, interval: 0 },
    ...{ components: [], codes: new Map(), steps: new Map() },
  };
}

/** @param {Picture} picture @param {number} marker @param {Uint8Array} body */
function readSegment(picture, marker, body) {
  if (marker === 0xdb) readSteps(picture, body);
  if (marker === 0xc4) readCodes(picture, body);
  if (marker === 0xdd) picture.interval = uint16(body, 0);
  const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
  if (isFrame) readFrame(picture, body, marker <= 0xc1);
}

/** @param {Picture} picture @param {Uint8Array} body */
function readSteps({ steps }, body) {
  for (let at = 0; at < body.length;) {
    const wide = body[at] >> 4;
    steps.set(body[at] & 15, wide ? uint16(body, at + 1) : body[at + 1]);
    at += wide ? 129 : 65;
  }
}

/** @param {Picture} picture @param {Uint8Array} body */
function readCodes({ codes }, body) {
  for (let at = 0; at + 17 <= body.length;) {
    const symbols = body.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    codes.set(body[at], codesOf(body, at + 1));
    at += 17 + symbols;
  }
}

/** @param {Picture} picture @param {Uint8Array} body @param {boolean} sequential */
function readFrame(picture, body, sequential) {
  picture.baseline = sequential && body[0] === 8;
  picture.height = uint16(body, 1);
  picture.width = uint16(body, 3);
  picture.components = Array.from({ length: body[5] }, (_, n) => {
    const [id, sampling, quantiser] = body.subarray(6 + 3 * n, 9 + 3 * n);
    return { id, h: sampling >> 4, v: sampling & 15, quantiser, step: 1 };
  });
}

/**
 * @param {Picture} picture @param {Uint8Array} bytes
 * @param {number} header of the scan @param {number} data
 * @returns {number} where the next marker stands; -1 where the data does not lead there
 */
function scanEnd(picture, bytes, header, data) {
  const { baseline, height } = picture;
  if (!baseline || !height) return nextMarker(bytes, data);
  const chosen = componentsOf(picture, bytes, header);
  const bits = new JpegBits(bytes, data);
  return chosen && fits(picture, chosen, bits) && bits.ended ? bits.at : -1;
}

/** @param {Picture} picture @param {Uint8Array} bytes @param {number} at @returns {Chosen[] | null} */
function componentsOf({ components, codes, steps }, bytes, at) {
  const chosen = [];
  for (let n = 0; n < bytes[at]; n++) {
    const found = components.find(({ id }) => id === bytes[at + 1 + 2 * n]);
    const tables = bytes[at + 2 + 2 * n];
    const [dc, ac] = [codes.get(tables >> 4), codes.get(0x10 | (tables & 15))];
    if (!found || !dc || !ac) return null;
    chosen.push({ ...found, dc, ac, step: steps.get(found.quantiser) ?? 1 });
  }
  return chosen;
}

/** @param {Picture} picture @param {Chosen[]} chosen @param {JpegBits} bits */
function fits(picture, chosen, bits) {
  const light = chosen.map(() => 0);
  const units = unitsOf(picture, chosen);
  for (let unit = 0; unit < units; unit++) {
    if (picture.interval && unit && unit % picture.interval === 0) {
      if (!bits.restart((unit / picture.interval - 1) % 8)) return false;
      light.fill(0);
    }
    if (!chosen.every((_, n) => fitsIn(chosen, n, light, bits)) || bits.overrun) return false;
  }
  return true;
}

/**
 * Whether the blocks of one component lead to a light that a picture can have.
 * @param {Chosen[]} chosen @param {number} n @param {number[]} light so far @param {JpegBits} bits
 */
function fitsIn(chosen, n, light, bits) {
  const { h, v, step } = chosen[n];
  for (let blocks = chosen.length === 1 ? 1 : h * v; blocks > 0; blocks--) {
    light[n] += block(chosen[n], bits);
    // NaN, for no block, is within no bound.
    if (!(Math.abs(light[n] * step) <= DARKEST + SLACK + 2 * step)) return false;
  }
  return true;
}

/** How many times the components' blocks come. @param {Picture} picture @param {Chosen[]} chosen */
function unitsOf({ width, height, components }, chosen) {
  const [across, down] = [
    Math.max(...components.map(({ h }) => h)),
    Math.max(...components.map(({ v }) => v)),
  ];
  const { h, v } = chosen.length === 1 ? chosen[0] : { h: 1, v: 1 };
  const alone = chosen.length === 1;
  const columns = alone ? Math.ceil((width * h) / across / 8) : Math.ceil(width / (8 * across));
  const rows = alone ? Math.ceil((height * v) / down / 8) : Math.ceil(height / (8 * down));
  return columns * rows;
}

/** @param {Chosen} component @param {JpegBits} bits @returns {number} the change of its DC value; NaN for no block */
function block({ dc, ac }, bits) {
  const size = bits.symbol(dc);
  if (size < 0 || size > 11) return NaN;
  const raw = size ? bits.take(size) : 0;
  if (!skipDetail(ac, bits)) return NaN;
  return size && raw < 1 << (size - 1) ? raw - (1 << size) + 1 : raw;
}

/** The values of a block after its first. @param {Uint16Array} ac @param {JpegBits} bits @returns {boolean} false where they are no block's */
function skipDetail(ac, bits) {
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(ac);
    if (symbol < 0) return false;
    const length = symbol & 15;
    if (!length && symbol !== 0xf0) break;
    k += symbol >> 4;
    if (k > 63) return false;
    if (length) bits.take(length);
  }
  return true;
}
