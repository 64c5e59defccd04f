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
  if (record.state === "deleting") {
    // The server answers alike for another user's photo and for one it never had.
    const unknown = receipt === null && record.owner === userId;
    const confirmed = receipt?.state === "deleted" && receiptMatches(record, receipt);
    return unknown || confirmed ? "deleted" : "not-deleted";
  }
  return receipt !== null && receiptMatches(record, receipt) ? receipt.state : "mismatch";
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
