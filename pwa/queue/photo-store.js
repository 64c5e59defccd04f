/**
 * How a photo gets into the phone's storage and how that is verified: one strict transaction with
 * bytes and record, then a second read with the hash computed again.
 */

import { recordDeletion } from "./inventory.js";
import { sha256Hex } from "./hash.js";
import { readableBytes } from "./photo-record.js";
import { PhotoMissing, StorageRefused } from "./refusals.js";

/** @import { Database, WriteTransaction } from "./database.js" */
/** @import { Capture, PhotoRecord } from "./photo-record.js" */

/**
 * A photo that is there already keeps its record, which may be on its way; its bytes are written
 * again, since a photo whose bytes could not be read is saved again.
 * @param {Database} database
 * @param {Omit<PhotoRecord, "seq">} draft
 * @param {ArrayBuffer} bytes
 * @returns {Promise<PhotoRecord>} the record with its place in the order
 */
export function storePhoto(database, draft, bytes) {
  return database.write(["photos", "bytes", "meta"], async (tx) => {
    const [known, lastSeq = 0, binding] = await Promise.all([
      tx.objectStore("photos").get(draft.photoId),
      tx.objectStore("meta").get("lastSeq"),
      bindingOfReplaced(tx, draft),
      tx.objectStore("bytes").put(bytes, draft.photoId),
    ]);
    if (known?.sha256 === draft.sha256) return known;
    const record = { ...draft, ...binding, seq: lastSeq + 1 };
    await Promise.all([
      tx.objectStore("photos").put(record),
      tx.objectStore("meta").put(record.seq, "lastSeq"),
    ]);
    return record;
  });
}

/**
 * Reads a kept photo back; erases it again and refuses if it is not the one that was written.
 * @param {Database} database
 * @param {PhotoRecord} record
 */
export async function verifyStored(database, record) {
  const bytes = await readBytes(database, record).catch(() => null);
  if (bytes && (await sha256Hex(bytes)) === record.sha256) return;
  await database.write(["photos", "bytes", "meta"], (tx) => deleteUnsent(tx, record));
  throw new StorageRefused("damaged");
}

/**
 * Puts a smaller picture of the same moment in the place of one that no server takes: no server knows
 * it, so that its id may mean other bytes. The old bytes come back where the new ones are not verified.
 * @param {Database} database
 * @param {PhotoRecord} old
 * @param {Pick<Capture, "bytes" | "contentType" | "width" | "height">} smaller
 * @returns {Promise<boolean>} false where the photo is no longer what it was
 */
export async function replaceBytes(database, old, smaller) {
  const { bytes, contentType, width, height } = smaller;
  const before = await readBytes(database, old);
  const picture = { contentType, width, height, size: bytes.byteLength };
  const next = { ...old, ...picture, sha256: await sha256Hex(bytes) };
  if (!(await swap(database, old, next, bytes))) return false;
  const kept = await readBytes(database, next).catch(() => null);
  if (kept && (await sha256Hex(kept)) === next.sha256) return true;
  await swap(database, next, old, before);
  return false;
}

/**
 * @param {Database} database
 * @param {PhotoRecord} from as it must still be
 * @param {PhotoRecord} to
 * @param {ArrayBuffer} bytes
 * @returns {Promise<boolean>}
 */
function swap(database, from, to, bytes) {
  return database.write(["photos", "bytes"], async (tx) => {
    const record = await tx.objectStore("photos").get(from.photoId);
    const same = record?.sha256 === from.sha256 && record.state === from.state;
    if (!same) return false;
    await Promise.all([
      tx.objectStore("photos").put(to),
      tx.objectStore("bytes").put(bytes, to.photoId),
    ]);
    return true;
  });
}

/**
 * @param {Database} database
 * @param {PhotoRecord} record
 * @returns {Promise<ArrayBuffer>}
 * @throws {PhotoMissing}
 */
export async function readBytes(database, record) {
  const stored = await database.read(["bytes"], (tx) =>
    tx.objectStore("bytes").get(record.photoId),
  );
  const bytes = readableBytes(record, stored);
  if (!bytes) throw new PhotoMissing();
  return bytes;
}

/**
 * Deletes by the clinician's request. A photo that may have a URL keeps its row until the server
 * has confirmed the deletion; its bytes go at once.
 * @param {WriteTransaction} tx over photos, bytes and meta
 * @param {PhotoRecord} record neither sending nor confirming
 * @returns {Promise<"erased" | "deleting">}
 */
export async function markDeleted(tx, record) {
  if (!record.everSigned) {
    await deleteUnsent(tx, record);
    return "erased";
  }
  const row = { ...record, state: "deleting", reason: null, attempt: 0, equal: 0, nextTryAt: null };
  await Promise.all([
    tx.objectStore("photos").put(row),
    tx.objectStore("bytes").delete(record.photoId),
  ]);
  return "deleting";
}

/**
 * @param {WriteTransaction} tx over photos and bytes
 * @param {string} photoId
 */
export async function deletePhoto(tx, photoId) {
  await Promise.all([
    tx.objectStore("photos").delete(photoId),
    tx.objectStore("bytes").delete(photoId),
  ]);
}

/**
 * Erases a photo that never reaches the server, and records that for the device inventory.
 * @param {WriteTransaction} tx over photos, bytes and meta
 * @param {PhotoRecord} record
 */
export async function deleteUnsent(tx, record) {
  await Promise.all([deletePhoto(tx, record.photoId), recordDeletion(tx, record)]);
}

/**
 * What a retake takes over from the photo it replaces.
 * @param {PhotoRecord} old
 */
export function bindingOf(old) {
  const { owner, consultationId, consultationLabel } = old;
  const { consultationOpenedAt, consultationSecondIdentifier } = old;
  const place = { owner, consultationId, consultationLabel };
  return { ...place, consultationOpenedAt, consultationSecondIdentifier };
}

/**
 * @param {WriteTransaction} tx over photos
 * @param {Omit<PhotoRecord, "seq">} draft
 */
async function bindingOfReplaced(tx, draft) {
  if (draft.retakeOf === null) return {};
  const old = await tx.objectStore("photos").get(draft.retakeOf);
  if (!old) return {};
  // Answered or open, the question is about the moment of the first shutter.
  const { placed, firstCapturedAt = old.capturedAt } = old;
  return { ...bindingOf(old), firstCapturedAt, ...(placed && { placed }) };
}
