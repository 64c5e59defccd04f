/** What a receipt is worth: it must speak of this very photo, its bytes, its owner, its consultation. */

/** @import { PhotoRecord } from "./record.js" */
/** @import { Receipt, Settled } from "./task.js" */

/**
 * @param {PhotoRecord} record
 * @param {Receipt | null} receipt null when the server never knew the photo
 * @param {string | null} sender who is signed in now
 * @returns {Settled}
 */
export function judge(record, receipt, sender) {
  if (record.state === "deleting") {
    // The server knows another person's photo as little as one that never was.
    const unknown = receipt === null && record.owner === sender;
    const confirmed = receipt?.state === "deleted" && speaksOf(record, receipt);
    return unknown || confirmed ? "deleted" : "not-deleted";
  }
  return receipt !== null && speaksOf(record, receipt) ? receipt.state : "mismatch";
}

/**
 * @param {PhotoRecord} record
 * @param {Receipt} receipt
 */
export function speaksOf(record, receipt) {
  return (
    receipt.photoId === record.photoId &&
    receipt.sha256 === record.sha256 &&
    receipt.consultationId === record.consultationId &&
    receipt.owner === record.owner &&
    (receipt.state === "stored" || receipt.state === "deleted")
  );
}
