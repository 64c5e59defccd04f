/** How urgent the words about unsent photos are. Only words depend on this clock: no rule does. */
import { phone as words } from "../../page/words/phone.js";

/** @import { PhotoSummary } from "../../queue/photo-record.js" */

const HOUR = 3_600_000;

/**
 * @param {Pick<PhotoSummary, "capturedAt">[]} photos
 * @param {number} now ms
 * @returns {{kind: "warn" | "danger", text: string} | null} null while all are from the last day
 */
export function overdue(photos, now) {
  const older = (/** @type {number} */ hours) =>
    photos.filter(({ capturedAt }) => now - Date.parse(capturedAt) >= hours * HOUR).length;
  const [day, threeDays] = [older(24), older(72)];
  if (threeDays) return { kind: "danger", text: words.overdueThreeDays(threeDays) };
  return day ? { kind: "warn", text: words.overdueDay(day) } : null;
}
