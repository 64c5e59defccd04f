/**
 * The device inventory: reports to the server which photos are on this phone, so that it can name
 * those that never arrive even where the browser cleared them here. Sent again when it has changed.
 */

import { activeUserIn } from "./active-user.js";

/** @import { Database, ReadTransaction, WriteTransaction } from "./database.js" */
/** @import { PhotoRecord } from "./photo-record.js" */

/** @typedef {{photoId: string, consultationId: string, capturedAt: string, state: string}} InventoryPhoto */
/**
 * @typedef {object} DeviceInventory every photo with an id above `after` and up to `through`
 * @property {string} owner
 * @property {InventoryPhoto[]} held
 * @property {string[]} deleted here since the last report
 * @property {string | null} after
 * @property {string | null} through
 */
/** @typedef {(list: DeviceInventory) => Promise<boolean>} Send whether the server received it */

export const INVENTORY_PATH = "/api/devices/current/captures";

const LOCK = "clinicpro-announce";
const MAX_INVENTORY_PHOTOS = 300;
const MAX_INVENTORY_DELETIONS = 200;
const NOTHING = "00000000-0000-0000-0000-000000000000";

/**
 * One at a time in this browser: a list that overtakes another would describe a past state.
 * @param {object} parts
 * @param {Database} parts.database
 * @param {Pick<LockManager, "request">} parts.locks
 * @param {Send} parts.send
 * @returns {Promise<boolean>} whether the server has the current inventory
 */
export async function sendInventory({ database, locks, send }) {
  return locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    const inventory = lock && (await database.read(["photos", "meta"], inventoryIn));
    if (!inventory) return false;
    const { owner, deleted, key, lastReported } = inventory;
    if (key === lastReported && deleted.length === 0) return true;
    for (const list of inventoryParts(inventory)) if (!(await send(list))) return false;
    await database.write(["meta"], (tx) => markReported(tx, owner, key, deleted));
    return true;
  });
}

/**
 * Writes down that a photo was deleted here, in the transaction that erases it.
 * @param {WriteTransaction} tx over meta
 * @param {{owner: string, photoId: string}} photo
 */
export async function recordDeletion(tx, { owner, photoId }) {
  const meta = tx.objectStore("meta");
  const unreported = (await meta.get(unreportedKey(owner))) ?? [];
  await meta.put([...unreported, photoId], unreportedKey(owner));
}

/**
 * @typedef {object} InventoryState
 * @property {string} owner
 * @property {InventoryPhoto[]} photos in the order of their ids
 * @property {string[]} deleted
 * @property {string} key equal for what need not be reported again
 * @property {string | undefined} lastReported the key of the last report
 */

/**
 * @param {ReadTransaction} tx over photos and meta
 * @returns {Promise<InventoryState | null>} null while signed out
 */
async function inventoryIn(tx) {
  const owner = await activeUserIn(tx);
  if (owner === null) return null;
  const meta = tx.objectStore("meta");
  // The index lists the photos of one owner in the order of their ids.
  /** @type {[PhotoRecord[], string[] | undefined, string | undefined]} */
  const [records, unreported = [], lastReported] = await Promise.all([
    tx.objectStore("photos").index("owner").getAll(owner),
    meta.get(unreportedKey(owner)),
    meta.get(reportedKey(owner)),
  ]);
  const pendingDeletes = records.filter(({ state }) => state === "deleting").map(idOf);
  const photos = records.filter(({ state }) => state !== "deleting").map(inventoryPhotoOf);
  // A photo that could not be verified was erased, and may have been saved again under its id.
  const kept = new Set(photos.map(idOf));
  const erased = unreported.filter((photoId) => !kept.has(photoId));
  const key = JSON.stringify([photos.map(keyOf), pendingDeletes]);
  const changed = erased.length > 0 || key !== lastReported;
  const deleted = changed ? [...erased, ...pendingDeletes] : [];
  return { owner, photos, deleted, key, lastReported };
}

/** @param {InventoryPhoto} photo */
const keyOf = ({ photoId, state, consultationId }) => [photoId, state, consultationId];

/** @param {{photoId: string}} photo */
const idOf = ({ photoId }) => photoId;

/**
 * @param {PhotoRecord} record
 * @returns {InventoryPhoto} never a label: only what identifies the photo and its state
 */
function inventoryPhotoOf({ photoId, consultationId, capturedAt, state }) {
  const rests = state === "captured" || state === "parked";
  return { photoId, consultationId, capturedAt, state: rests ? state : "queued" };
}

/**
 * Deletions come first, or with the first part: no list may lack a photo whose deletion is unknown.
 * @param {InventoryState} inventory
 * @returns {DeviceInventory[]} each true by itself
 */
function inventoryParts({ owner, photos, deleted }) {
  /** @type {DeviceInventory[]} */
  const all = [];
  const add = (/** @type {Omit<DeviceInventory, "owner">} */ part) => all.push({ owner, ...part });
  const rest = [...deleted];
  while (rest.length > MAX_INVENTORY_DELETIONS)
    add({
      held: [],
      deleted: rest.splice(0, MAX_INVENTORY_DELETIONS),
      after: null,
      through: NOTHING,
    });
  let after = null;
  for (let from = 0; from === 0 || from < photos.length; from += MAX_INVENTORY_PHOTOS) {
    const part = photos.slice(from, from + MAX_INVENTORY_PHOTOS);
    const last = from + MAX_INVENTORY_PHOTOS >= photos.length;
    const through = last ? null : part[part.length - 1].photoId;
    add({ held: part, deleted: rest.splice(0), after, through });
    after = through;
  }
  return all;
}

/**
 * @param {WriteTransaction} tx over meta
 * @param {string} owner
 * @param {string} key
 * @param {string[]} deleted
 */
async function markReported(tx, owner, key, deleted) {
  const meta = tx.objectStore("meta");
  /** @type {string[]} */
  const unreported = (await meta.get(unreportedKey(owner))) ?? [];
  const left = unreported.filter((photoId) => !deleted.includes(photoId));
  await Promise.all([meta.put(key, reportedKey(owner)), meta.put(left, unreportedKey(owner))]);
}

/** @param {string} owner */
const unreportedKey = (owner) => `untold:${owner}`;
/** @param {string} owner */
const reportedKey = (owner) => `told:${owner}`;
