/** Times in words, for every page: local, 24 h, with the day wherever it is not today's. */

const MINUTE = 60_000;

/**
 * @param {string} iso @param {Date} [now] @param {string} [locale]
 * @param {boolean} [seconds] where the minute does not tell two things apart
 */
export function when(iso, now = new Date(), locale = undefined, seconds = false) {
  const time = new Date(iso);
  const clock = time.toLocaleTimeString(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: seconds ? "2-digit" : undefined,
    hourCycle: "h23",
  });
  if (time.toDateString() === now.toDateString()) return clock;
  return `${day(time, now, locale)}, ${clock}`;
}

/** @param {Date} time @param {Date} now @param {string} [locale] */
function day(time, now, locale) {
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(locale, { day: "numeric", month: "short", year });
}

/**
 * The day alone, as people say it: the weekday within the last six days, else the date.
 * @param {string} iso @param {Date} now @param {string} [locale]
 */
export function dayOf(iso, now, locale) {
  const time = new Date(iso);
  const near = Math.abs(now.getTime() - time.getTime()) < 6 * 24 * 60 * MINUTE;
  if (near) return time.toLocaleDateString(locale, { weekday: "long" });
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(locale, { day: "numeric", month: "long", year });
}
