/** What a user sees of the queue: their own photos, and only the number of other users' photos. */

import { summaryOf } from "./photo-record.js";

/** @import { Database } from "./database.js" */
/** @import { Pause, PhotoSummary } from "./photo-record.js" */

/**
 * @typedef {object} Listing
 * @property {PhotoSummary[]} photos of this owner, in the order of the shutters
 * @property {number} otherOwners how many photos of other users wait on this phone
 * @property {number} storedToday
 * @property {Pause | null} pause
 */

/**
 * @param {Database} database
 * @param {string} owner
 * @param {string} day local date, as `localDay` writes it
 * @returns {Promise<Listing>}
 */
export function listPhotos(database, owner, day) {
  return database.read(["photos", "receipts", "meta"], async (tx) => {
    const photos = tx.objectStore("photos");
    const [own, all, storedToday, pause] = await Promise.all([
      photos.index("owner").getAll(owner),
      photos.count(),
      tx.objectStore("receipts").index("day").count([owner, day]),
      tx.objectStore("meta").get("pause"),
    ]);
    own.sort((a, b) => a.seq - b.seq);
    const shown = own.map((record) => summaryOf(record, pause));
    return { photos: shown, otherOwners: all - own.length, storedToday, pause: pause ?? null };
  });
}

/**
 * @param {number} wall milliseconds since 1970
 * @returns {string} YYYY-MM-DD where the phone is
 */
export function localDay(wall) {
  const date = new Date(wall);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
