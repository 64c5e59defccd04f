/**
 * Photos that were taken before the phone knew the server's time get theirs corrected: once, in the
 * database, and before they are declared.
 */
import { fetchOffset } from "../shared/server-clock.js";

/** @import { Database } from "./database.js" */
/** @import { PhotoRecord } from "./photo-record.js" */

const ANSWER_MS = 5000;

/** @param {PhotoRecord} record */
const isUnchecked = ({ clockUnchecked, deviceCapturedAt }) =>
  !!clockUnchecked && !!deviceCapturedAt;

/** @param {number} ms @returns {string} the nearest moment that the format can express */
export const momentOf = (ms) => new Date(Math.min(Math.max(ms, 0), 253402300799999)).toISOString();

/**
 * @param {Database} database
 * @param {number} offset server's time less the phone's, in ms
 * @returns {Promise<boolean>} whether a photo has another time now
 */
export function correctTimes(database, offset) {
  return database.write(["photos", "meta"], async (tx) => {
    const photos = tx.objectStore("photos");
    const unchecked = (await photos.getAll()).filter(isUnchecked);
    for (const record of unchecked) {
      const device = Date.parse(/** @type {string} */ (record.deviceCapturedAt));
      const capturedAt = momentOf(device + offset);
      await photos.put({ ...record, capturedAt, clockUnchecked: false });
    }
    await tx.objectStore("meta").put(offset, "clockOffset");
    return unchecked.length > 0;
  });
}

/** @param {Database} database @returns {Promise<number>} as it was known last; 0 if it never was */
export function lastOffset(database) {
  return database.read(
    ["meta"],
    async (tx) => (await tx.objectStore("meta").get("clockOffset")) ?? 0,
  );
}

/**
 * Before photos are sent: without an answer they go with the phone's own time, which the server bounds.
 * @param {Database} database
 * @param {typeof globalThis.fetch} fetch
 * @param {AbortSignal} [signal]
 */
export async function checkTimes(database, fetch, signal) {
  const all = await database.read(["photos"], (tx) => tx.objectStore("photos").getAll());
  if (!all.some(isUnchecked)) return;
  const offset = await fetchOffset(fetch, { signal, timeoutMs: ANSWER_MS });
  if (offset !== null) await correctTimes(database, offset);
}
