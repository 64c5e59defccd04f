/** The bytes of pictures: what kind they are, their numbers and markers, and the bits between two of those. */

const EMPTY = 0;

/** @param {Uint8Array} bytes */
export const isJpeg = (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8;

/** @param {Uint8Array} bytes */
export const isWebp = (bytes) => text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP";

/** @param {Uint8Array} bytes @param {number} at */
export const uint16 = (bytes, at) => bytes[at] * 256 + bytes[at + 1];

/** @param {Uint8Array} bytes @param {number} at @param {number} length */
export const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * Compressed data runs on until a marker that is neither a stuffed FF nor a restart.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {number} -1 without one
 */
export function nextMarker(bytes, at) {
  for (; at < bytes.length; at++) {
    const next = bytes[at + 1];
    if (bytes[at] === 0xff && next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
  }
  return -1;
}

/** The bits of one stretch of compressed JPEG data, up to the next marker; zeros are read beyond it. */
export class JpegBits {
  #bytes;
  #buffer = 0;
  #count = 0;
  /** Bits in the buffer that the file does not have. */
  #invented = 0;
  at;

  /** @param {Uint8Array} bytes @param {number} at */
  constructor(bytes, at) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** A Huffman code's symbol; -1 where there is none. @param {Uint16Array} table as `codesOf` makes it */
  symbol(table) {
    this.#fill();
    const entry = table[(this.#buffer >>> (this.#count - 16)) & 0xffff];
    if (entry === EMPTY) return -1;
    this.#count -= entry >> 8;
    return entry & 0xff;
  }

  /** @param {number} bits at most 16 */
  take(bits) {
    this.#fill();
    this.#count -= bits;
    return (this.#buffer >>> this.#count) & ((1 << bits) - 1);
  }

  /** More was read than there is. */
  get overrun() {
    return this.#count < this.#invented;
  }

  /** The data ended where it had to: less than a byte is left before a marker. */
  get ended() {
    this.#fill();
    return !this.overrun && this.#count - this.#invented < 8 && this.#atMarker();
  }

  /** Goes on behind a restart marker. Whether it was the right one. @param {number} number 0 to 7 */
  restart(number) {
    if (!this.ended || this.#bytes[this.at + 1] !== 0xd0 + number) return false;
    this.at += 2;
    this.#buffer = this.#count = this.#invented = 0;
    return true;
  }

  #atMarker() {
    // A marker may be filled up with FF.
    while (this.#bytes[this.at] === 0xff && this.#bytes[this.at + 1] === 0xff) this.at += 1;
    return this.#bytes[this.at] === 0xff && this.#bytes[this.at + 1] !== 0;
  }

  #fill() {
    while (this.#count <= 16) {
      const byte = this.#bytes[this.at];
      const real = byte !== undefined && (byte !== 0xff || this.#bytes[this.at + 1] === 0);
      this.#buffer = ((this.#buffer << 8) | (real ? byte : 0)) >>> 0;
      this.#count += 8;
      if (real) this.at += byte === 0xff ? 2 : 1;
      else this.#invented += 8;
    }
  }
}

/**
 * Every 16 bits lead to the length of the code they begin with (upper byte) and its symbol.
 * @param {Uint8Array} bytes @param {number} at 16 counts, then the symbols
 */
export function codesOf(bytes, at) {
  const table = new Uint16Array(65536);
  let code = 0;
  let symbol = at + 16;
  for (let length = 1; length <= 16; length++) {
    for (let n = bytes[at + length - 1]; n > 0; n--, symbol++) {
      const span = 1 << (16 - length);
      table.fill((length << 8) | bytes[symbol], code, code + span);
      code += span;
    }
  }
  return table;
}
