/** Times in words, for every page: local, 24 h, with the day wherever it is not today's. */

const MINUTE = 60_000;

/** Making a format takes longer than using it a thousand times. @type {Map<string, Intl.DateTimeFormat>} */
const FORMATS = new Map();

/** @param {Date} time @param {string|undefined} locale @param {Intl.DateTimeFormatOptions} options */
function format(time, locale, options) {
  const key = JSON.stringify([locale, options]);
  const made = FORMATS.get(key) ?? new Intl.DateTimeFormat(locale, options);
  FORMATS.set(key, made);
  return made.format(time);
}

/**
 * @param {string} iso @param {Date} [now] @param {string} [locale]
 * @param {boolean} [seconds] where the minute does not distinguish two things
 */
export function when(iso, now = new Date(), locale = undefined, seconds = false) {
  const time = new Date(iso);
  const minutes = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const clock = format(time, locale, seconds ? { ...minutes, second: "2-digit" } : minutes);
  if (time.toDateString() === now.toDateString()) return clock;
  return `${day(time, now, locale)}, ${clock}`;
}

/** @param {Date} time @param {Date} now @param {string} [locale] */
function day(time, now, locale) {
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return format(time, locale, { day: "numeric", month: "short", year });
}

/**
 * The day alone, as in speech: the weekday within the last six days, else the date.
 * @param {string} iso @param {Date} now @param {string} [locale]
 */
export function dayOf(iso, now, locale) {
  const time = new Date(iso);
  const near = Math.abs(now.getTime() - time.getTime()) < 6 * 24 * 60 * MINUTE;
  if (near) return time.toLocaleDateString(locale, { weekday: "long" });
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(locale, { day: "numeric", month: "long", year });
}
