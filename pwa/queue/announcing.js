/**
 * Tells the server which photos this phone holds, so that it can name those that never arrive even
 * where the browser cleared them here. Sent with a contact when it differs from what was answered last.
 */

import { senderIn } from "./sender.js";

/** @import { Database, ReadTransaction, WriteTransaction } from "./database.js" */
/** @import { PhotoRecord } from "./record.js" */

/** @typedef {{photoId: string, consultationId: string, capturedAt: string, state: string}} Held */
/**
 * @typedef {object} CaptureList everything held with an id above `after` and up to `through`
 * @property {string} owner
 * @property {Held[]} held
 * @property {string[]} deleted here since the last answer
 * @property {string | null} after
 * @property {string | null} through
 */
/** @typedef {(list: CaptureList) => Promise<boolean>} Send whether the server has heard it */

export const CAPTURES = "/api/devices/current/captures";

const LOCK = "clinicpro-announce";
const MOST_HELD = 300;
const MOST_DELETED = 200;
const NOTHING = "00000000-0000-0000-0000-000000000000";

/**
 * One at a time in this browser: a list that overtakes another would speak of a moment that is over.
 * @param {object} parts
 * @param {Database} parts.database
 * @param {Pick<LockManager, "request">} parts.locks
 * @param {Send} parts.send
 * @returns {Promise<boolean>} whether the server knows what this phone holds
 */
export async function announce({ database, locks, send }) {
  return locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    const holding = lock && (await database.read(["photos", "meta"], holdingIn));
    if (!holding) return false;
    const { owner, deleted, key, told } = holding;
    if (key === told && deleted.length === 0) return true;
    for (const list of lists(holding)) if (!(await send(list))) return false;
    await database.write(["meta"], (tx) => remember(tx, owner, key, deleted));
    return true;
  });
}

/**
 * Writes down that a photo was deleted here, in the transaction that erases it.
 * @param {WriteTransaction} tx over meta
 * @param {{owner: string, photoId: string}} photo
 */
export async function noteDeleted(tx, { owner, photoId }) {
  const meta = tx.objectStore("meta");
  const untold = (await meta.get(untoldOf(owner))) ?? [];
  await meta.put([...untold, photoId], untoldOf(owner));
}

/**
 * @typedef {object} Holding
 * @property {string} owner
 * @property {Held[]} held in the order of their ids
 * @property {string[]} deleted
 * @property {string} key equal for what need not be told again
 * @property {string | undefined} told the key that was answered last
 */

/**
 * @param {ReadTransaction} tx over photos and meta
 * @returns {Promise<Holding | null>} null where nobody is signed in
 */
async function holdingIn(tx) {
  const owner = await senderIn(tx);
  if (owner === null) return null;
  const meta = tx.objectStore("meta");
  /** @type {[PhotoRecord[], string[] | undefined, string | undefined]} */
  const [records, untold = [], told] = await Promise.all([
    tx.objectStore("photos").index("owner").getAll(owner),
    meta.get(untoldOf(owner)),
    meta.get(toldOf(owner)),
  ]);
  const doomed = records.filter(({ state }) => state === "deleting").map(idOf);
  const held = records.filter(({ state }) => state !== "deleting").map(heldOf);
  held.sort((a, b) => (a.photoId < b.photoId ? -1 : 1));
  // A photo that could not be proven was erased, and may have been kept again under its id.
  const kept = new Set(held.map(idOf));
  const news = untold.filter((photoId) => !kept.has(photoId));
  const key = JSON.stringify([held.map(keyOf), doomed]);
  const changed = news.length > 0 || key !== told;
  return { owner, held, deleted: changed ? [...news, ...doomed] : [], key, told };
}

/** @param {Held} photo */
const keyOf = ({ photoId, state, consultationId }) => [photoId, state, consultationId];

/** @param {{photoId: string}} photo */
const idOf = ({ photoId }) => photoId;

/**
 * @param {PhotoRecord} record
 * @returns {Held} never a label: only what names the photo and says what it waits for
 */
function heldOf({ photoId, consultationId, capturedAt, state }) {
  const rests = state === "captured" || state === "parked";
  return { photoId, consultationId, capturedAt, state: rests ? state : "queued" };
}

/**
 * What was deleted is told first, or with the first part: no list may miss a photo that went on purpose.
 * @param {Holding} holding
 * @returns {CaptureList[]} each true by itself
 */
function lists({ owner, held, deleted }) {
  /** @type {CaptureList[]} */
  const all = [];
  const add = (/** @type {Omit<CaptureList, "owner">} */ part) => all.push({ owner, ...part });
  const rest = [...deleted];
  while (rest.length > MOST_DELETED)
    add({ held: [], deleted: rest.splice(0, MOST_DELETED), after: null, through: NOTHING });
  let after = null;
  for (let from = 0; from === 0 || from < held.length; from += MOST_HELD) {
    const part = held.slice(from, from + MOST_HELD);
    const last = from + MOST_HELD >= held.length;
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
async function remember(tx, owner, key, deleted) {
  const meta = tx.objectStore("meta");
  /** @type {string[]} */
  const untold = (await meta.get(untoldOf(owner))) ?? [];
  const left = untold.filter((photoId) => !deleted.includes(photoId));
  await Promise.all([meta.put(key, toldOf(owner)), meta.put(left, untoldOf(owner))]);
}

/** @param {string} owner */
const untoldOf = (owner) => `untold:${owner}`;
/** @param {string} owner */
const toldOf = (owner) => `told:${owner}`;
