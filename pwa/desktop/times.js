/** What the desktop says of times, beyond what every page does. */
import { when } from "../page/times.js";

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
 * The day as the heading of a group: today, yesterday, else the date with its weekday.
 * @param {string} iso @param {Date} now @param {string} locale
 * @param {{ today: string, yesterday: string }} words
 */
export function dayTitle(iso, now, locale, words) {
  const time = new Date(iso);
  const before = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (time.toDateString() === now.toDateString()) return words.today;
  if (time.toDateString() === before.toDateString()) return words.yesterday;
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long", year });
}

/**
 * A moment that is never without its day, for what is chosen among many.
 * @param {string} iso @param {Date} now @param {string} locale
 * @param {{ today: string, yesterday: string }} words
 */
export function dayAndTime(iso, now, locale, words) {
  const clock = when(iso, new Date(iso), locale);
  return `${dayTitle(iso, now, locale, words)}, ${clock}`;
}
