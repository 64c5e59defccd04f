/** SHA-256 at once, since the suite asks for it without waiting and a browser's own takes a promise. */

const primes = firstPrimes(64);
const K = primes.map((prime) => fraction(Math.cbrt(prime)));
const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

/** @param {number} count */
function firstPrimes(count) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < count; n += 1)
    if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

/** The first 32 bits behind the point. @param {number} root */
function fraction(root) {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

/** @param {string} _name always sha256 */
export function createHash(_name) {
  const hash = {
    bytes: new Uint8Array(),
    /** @param {Uint8Array} bytes */
    update: (bytes) => Object.assign(hash, { bytes }),
    digest: () => hex(digest(hash.bytes)),
  };
  return hash;
}

/** @param {Int32Array} words */
const hex = (words) =>
  [...words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

/** @param {Uint8Array} bytes */
function digest(bytes) {
  const state = Int32Array.from(START);
  const blocks = padded(bytes);
  for (let at = 0; at < blocks.byteLength; at += 64) mix(state, blocks, at);
  return state;
}

/** @param {Uint8Array} bytes */
function padded(bytes) {
  const whole = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(whole.length - 4, bytes.length * 8);
  return view;
}

/**
 * @param {Int32Array} state changed in place
 * @param {DataView} blocks
 * @param {number} at
 */
function mix(state, blocks, at) {
  const words = schedule(blocks, at);
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const one =
      (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = (state[i] + value) | 0));
}

/** @param {DataView} blocks @param {number} at */
function schedule(blocks, at) {
  const words = new Int32Array(64);
  for (let i = 0; i < 16; i += 1) words[i] = blocks.getInt32(at + i * 4);
  for (let i = 16; i < 64; i += 1) {
    const [far, near] = [words[i - 15], words[i - 2]];
    const small = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3);
    const large = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10);
    words[i] = words[i - 16] + small + words[i - 7] + large;
  }
  return words;
}

/** @param {number} word @param {number} by */
const turn = (word, by) => (word >>> by) | (word << (32 - by));
