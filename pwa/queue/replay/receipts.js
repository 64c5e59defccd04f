/** Verifies a receipt: it must name this very photo, its bytes, its owner and its consultation. */

/** @import { PhotoRecord } from "../photo-record.js" */
/** @import { Receipt } from "../../shared/api-types.js" */
/** @import { Settled } from "./state.js" */

/**
 * @param {PhotoRecord} record
 * @param {Receipt | null} receipt null when the server never knew the photo
 * @param {string | null} userId of the signed-in user
 * @returns {Settled}
 */
export function verifyReceipt(record, receipt, userId) {
  if (record.state === "deleting")
    return isDeleted(record, receipt, userId) ? "deleted" : "not-deleted";
  return receipt !== null && receiptMatches(record, receipt) ? receipt.state : "mismatch";
}

/** @param {PhotoRecord} record @param {Receipt | null} receipt @param {string | null} userId */
function isDeleted(record, receipt, userId) {
  // The server answers alike for another user's photo and for one it never had.
  if (receipt === null) return record.owner === userId;
  return receipt.state === "deleted" && receiptMatches(record, receipt);
}

/**
 * @param {PhotoRecord} record
 * @param {Receipt} receipt
 */
function receiptMatches(record, receipt) {
  return (
    receipt.photoId === record.photoId &&
    receipt.sha256 === record.sha256 &&
    receipt.consultationId === record.consultationId &&
    receipt.owner === record.owner &&
    (receipt.state === "stored" || receipt.state === "deleted")
  );
}
