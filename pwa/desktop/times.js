/** Times in words: local, 24 h, with the day only where it is not today's. */

const MINUTE = 60_000;

/** @param {string} iso @param {Date} now @param {string} locale */
export function when(iso, now, locale) {
  const time = new Date(iso);
  const clock = time.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  if (time.toDateString() === now.toDateString()) return clock;
  return `${day(time, now, locale)}, ${clock}`;
}

/** @param {Date} time @param {Date} now @param {string} locale */
function day(time, now, locale) {
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(locale, { day: "numeric", month: "short", year });
}

/**
 * The day alone, as people say it: the weekday within the last six days, else the date.
 * @param {string} iso @param {Date} now @param {string} locale
 */
export function dayOf(iso, now, locale) {
  const time = new Date(iso);
  const near = Math.abs(now.getTime() - time.getTime()) < 6 * 24 * 60 * MINUTE;
  if (near) return time.toLocaleDateString(locale, { weekday: "long" });
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(locale, { day: "numeric", month: "long", year });
}

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
