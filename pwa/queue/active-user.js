/** Whose photos may leave this phone now, asked inside the very transaction that hands something out. */

/** @import { ReadTransaction, WriteTransaction } from "./database.js" */
/** @import { Owner } from "./queue.js" */
/** @import { PhotoRecord } from "./photo-record.js" */

/**
 * @param {ReadTransaction | WriteTransaction} tx over meta
 * @returns {Promise<string | null>}
 */
export async function activeUserIn(tx) {
  /** @type {Owner | undefined} */
  const owner = await tx.objectStore("meta").get("owner");
  return owner && !owner.signedOut ? owner.id : null;
}

/**
 * Nothing of a photo leaves under another sign-in, however long the replay that wants to send it has
 * been running.
 * @param {ReadTransaction | WriteTransaction} tx over photos and meta
 * @param {string} photoId
 * @param {string} owner
 * @returns {Promise<PhotoRecord | null>}
 */
export async function recordOfActiveUser(tx, photoId, owner) {
  const asked = tx.objectStore("photos").get(photoId);
  const [record, user] = await Promise.all([asked, activeUserIn(tx)]);
  return record?.owner === owner && user === owner ? record : null;
}
