/** Photo ids: UUID version 7, made at the shutter, the idempotency key from there on. */

/**
 * @param {number} [wall] milliseconds since 1970; only makes ids sort nicely, no rule reads it
 * @returns {string}
 */
export function newPhotoId(wall = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0, rest = Math.max(0, Math.floor(wall)); i < 6; i += 1) {
    bytes[5 - i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
