/** What the desktop says of times, beyond what every page does. */

export { dayOf, when } from "../page/times.js";

const MINUTE = 60_000;

/**
 * Whether capture and receipt lie so far apart, in either direction, that both must be shown.
 * @param {{ capturedAt: string, receivedAt: string }} photo
 */
export function apart(photo) {
  return Math.abs(Date.parse(photo.receivedAt) - Date.parse(photo.capturedAt)) > 2 * MINUTE;
}

/**
 * A file name that says when and which, and nothing about the patient.
 * @param {string} openedAt @param {number} number @param {string} contentType
 */
export function fileName(openedAt, number, contentType) {
  const at = new Date(openedAt);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const ending = contentType === "image/webp" ? "webp" : "jpg";
  return `consultation-${date}-${two(at.getHours())}${two(at.getMinutes())}-photo-${two(number)}.${ending}`;
}
