/** SHA-256 as the contract writes it: 64 lower-case hexadecimal digits. */

import { withLimit } from "../shared/clock.js";

const HASH_LIMIT_MS = 15_000; // ms; four megabytes take a phone some hundredths of a second

/**
 * @param {ArrayBuffer} bytes
 * @returns {Promise<string>}
 */
export async function sha256Hex(bytes) {
  const asked = crypto.subtle.digest("SHA-256", bytes);
  return hexOf(new Uint8Array(await withLimit(asked, HASH_LIMIT_MS, "digest")));
}

/** @param {Uint8Array} bytes */
export const hexOf = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
