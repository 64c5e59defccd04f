/**
 * What the core asks for, done: each errand begins with the ledger and ends with a happening that is
 * told back. A photo's bytes live only inside its own PUT.
 */

/** @import { Ledger } from "./ledger.js" */
/** @import { Effect, Happening } from "./task.js" */
/** @import { Uploader } from "./uploader.js" */

/** @typedef {{ledger: Ledger, network: Uploader, owner: string, signal: AbortSignal}} Means */
/** @typedef {Exclude<Effect, {type: "finish" | "wake"}>} Errand */
/**
 * @template {Errand["type"]} T
 * @typedef {Extract<Errand, {type: T}>} ErrandOf
 */

/**
 * @param {Means} means
 * @param {Errand} errand
 * @returns {Promise<Happening | null>} null when there is nothing to tell
 */
export async function perform(means, errand) {
  switch (errand.type) {
    case "presign":
      return presign(means, errand);
    case "put":
      return put(means, errand);
    case "complete":
      return complete(means, errand);
    case "delete":
      return remove(means, errand);
    case "settle":
      return settle(means, errand);
    case "note":
      await means.ledger.note(errand.notes);
      return null;
    default:
      await means.ledger.pause(errand.pause);
      return null;
  }
}

/**
 * @param {Means} means
 * @param {ErrandOf<"presign">} errand
 * @returns {Promise<Happening>}
 */
async function presign({ ledger, network, owner, signal }, { photoIds }) {
  const records = await ledger.markSigned(photoIds, owner);
  const asked = records.map((record) => record.photoId);
  const outcome =
    records.length === 0
      ? { ok: /** @type {const} */ (true), results: [] }
      : await network.presign(records, signal);
  const dropped = photoIds.filter((photoId) => !asked.includes(photoId));
  return { type: "presigned", photoIds: asked, dropped, outcome };
}

/**
 * @param {Means} means
 * @param {ErrandOf<"put">} errand
 * @returns {Promise<Happening>}
 */
async function put({ ledger, network, owner, signal }, { photoId, upload, notes }) {
  const claim = await ledger.claim(photoId, owner, notes);
  if ("refused" in claim) return { type: "put", photoId, outcome: claim };
  const outcome = await network.put(upload, claim.record, claim.bytes, signal);
  return { type: "put", photoId, outcome };
}

/**
 * @param {Means} means
 * @param {ErrandOf<"complete">} errand
 * @returns {Promise<Happening>}
 */
async function complete({ ledger, network, owner, signal }, { photoId }) {
  const record = await ledger.record(photoId, owner);
  if (!record) return { type: "gone", photoId };
  return { type: "completed", photoId, outcome: await network.complete(record, signal) };
}

/**
 * @param {Means} means
 * @param {ErrandOf<"delete">} errand
 * @returns {Promise<Happening>}
 */
async function remove({ ledger, network, owner, signal }, { photoId }) {
  const record = await ledger.record(photoId, owner);
  if (!record) return { type: "gone", photoId };
  return { type: "deleted", photoId, outcome: await network.remove(record, signal) };
}

/**
 * @param {Means} means
 * @param {ErrandOf<"settle">} errand
 * @returns {Promise<Happening>}
 */
async function settle({ ledger }, { photoId, receipt }) {
  return { type: "settled", photoId, state: await ledger.settle(photoId, receipt) };
}
