/**
 * The one door through which a photo enters and leaves storage. Today it changes nothing; a later
 * format can encrypt bytes and label to the server's public key here, and nowhere else. The fields
 * that the replay needs to decide (ids, state, hash) stay outside the seal.
 */

/** @import { PhotoRecord } from "./photo-record.js" */

export const FORMAT = 1;

/**
 * @param {PhotoRecord} record
 * @param {ArrayBuffer} bytes
 * @returns {Promise<{record: PhotoRecord, bytes: ArrayBuffer}>} what may be written
 */
export async function seal(record, bytes) {
  return { record: { ...record, format: FORMAT }, bytes };
}

/**
 * @param {PhotoRecord} record as it was read
 * @param {unknown} bytes as they were read
 * @returns {Promise<ArrayBuffer | null>} the bytes that were sealed; null when they cannot be had
 */
export async function open(record, bytes) {
  const readable = record.format === FORMAT && bytes instanceof ArrayBuffer && bytes.byteLength > 0;
  return readable ? bytes : null;
}
