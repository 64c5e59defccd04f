/**
 * One photo as the phone keeps it, and the few questions that page and replay both ask about it.
 * Owner and consultation are frozen at the shutter. One function here changes the consultation, by
 * the clinician's own answer, while the photo is in review and the server does not know it.
 */

import { mayBeOver } from "./errors.js";
import { hexOf } from "./hash.js";

/**
 * @typedef {"captured" | "queued" | "sending" | "confirming" | "waiting" | "needs-sign-in" |
 *   "parked" | "deleting"} PhotoState
 */

/**
 * @typedef {object} PhotoRecord
 * @property {string} photoId UUIDv7 made at the shutter
 * @property {number} seq order of the shutters on this phone, never a clock
 * @property {string} owner
 * @property {string} consultationId
 * @property {string} consultationLabel shown on this phone only, never sent
 * @property {string} [consultationOpenedAt] shown on this phone only, as the next
 * @property {string | null} [consultationSecondIdentifier]
 * @property {Placed} [placed] the clinician's answer to whose it is, where that was asked
 * @property {string} [firstCapturedAt] of a retake: when the photo was taken that it stands for
 * @property {string} capturedAt RFC 3339, UTC, by the server's clock where that was known
 * @property {string} [deviceCapturedAt] what the phone's own clock said
 * @property {boolean} [clockUnchecked] the server's time was not known yet
 * @property {string} contentType
 * @property {number} size bytes
 * @property {string} sha256 lower-case hex
 * @property {number} width pixels
 * @property {number} height pixels
 * @property {{blurry: boolean, dark: boolean, damaged?: boolean}} quality
 * @property {number} format
 * @property {PhotoState} state
 * @property {string | null} reason code of what holds it up
 * @property {number} attempt failures that concerned this photo
 * @property {number} equal how many of the last ones were the same
 * @property {number | null} nextTryAt milliseconds since 1970, to be shown; no rule trusts it
 * @property {string | null} retakeOf
 * @property {boolean} everSigned a URL may exist for it: the server must confirm its deletion
 * @property {boolean} sent its bytes are assumed to be in the store
 * @property {number} [rules] those by which it was parked; absent from before there were any
 */

/**
 * @typedef {object} Placed
 * @property {string} at
 * @property {{id: string, label: string} | null} from where it was until then, if elsewhere
 * @property {string} [over] answered before its shutter, and only against this consultation
 */
/** @typedef {{id: string, label: string, openedAt: string, secondIdentifier?: string | null}} Place a consultation */

/** @typedef {PhotoRecord} PhotoSummary a record; the bytes live elsewhere */

/**
 * @typedef {object} Capture
 * @property {string} photoId
 * @property {string} owner
 * @property {string} consultationId
 * @property {string} consultationLabel
 * @property {string} [consultationOpenedAt]
 * @property {string | null} [consultationSecondIdentifier]
 * @property {Placed} [placed]
 * @property {string} [firstCapturedAt]
 * @property {string} capturedAt
 * @property {string} [deviceCapturedAt]
 * @property {boolean} [clockUnchecked]
 * @property {string} contentType
 * @property {ArrayBuffer} bytes re-encoded, without metadata
 * @property {number} width
 * @property {number} height
 * @property {{blurry: boolean, dark: boolean, damaged?: boolean}} [quality]
 * @property {string | null} [retakeOf] the new photo takes the consultation of that one
 */

/**
 * Why the whole queue is paused: one row, shared by all photos.
 * @typedef {{concerns: "link" | "person", reason: string, attempt: number, nextTryAt: number | null,
 *   since?: number}} Pause
 */

/** A photo may weigh as much as the server takes (its MAX_PHOTO_BYTES; a test holds the two together). */
export const MOST_BYTES = 4_000_000;

/** How record and bytes are written; what a later version wrote differently is left as it is. */
const FORMAT = 1;

/**
 * @param {PhotoRecord} record as it was read
 * @param {unknown} bytes as they were read
 * @returns {ArrayBuffer | null} null where they cannot be had
 */
export function readableBytes({ format }, bytes) {
  const readable = format === FORMAT && bytes instanceof ArrayBuffer && bytes.byteLength > 0;
  return readable ? bytes : null;
}

/** @type {ReadonlySet<PhotoState>} */
const MOVING = new Set(/** @type {PhotoState[]} */ (["sending", "confirming"]));

/** @type {ReadonlySet<PhotoState>} */
const SENDABLE = new Set(
  /** @type {PhotoState[]} */ (["queued", "sending", "confirming", "waiting", "needs-sign-in"]),
);

/**
 * @param {PhotoRecord} record
 * @returns {boolean} it is on its way this moment and can be neither deleted nor replaced
 */
export const isMoving = (record) => MOVING.has(record.state);

/**
 * @param {PhotoRecord} record
 * @returns {boolean} approved, and waiting for nothing but its turn
 */
export const isSendable = (record) => SENDABLE.has(record.state);

/** Since these a refusal that every photo may meet is not blamed on one. */
export const RULES = 2;

/**
 * @param {PhotoRecord} record
 * @returns {boolean} parked for what may be over by now: it is tried again now and then
 */
function isRetriedWhileParked({ state, reason, rules = 0 }) {
  if (state !== "parked") return false;
  // Before these rules a store's missing encryption was reported as an invalid image.
  return mayBeOver(reason) || (rules < RULES && reason === "invalid-image");
}

/**
 * @param {PhotoRecord} record
 * @returns {boolean} it may leave the phone
 */
export const mayLeave = (record) => isSendable(record) || isRetriedWhileParked(record);

/**
 * UUID version 7, made at the shutter, the idempotency key from there on.
 * @param {number} [wall] milliseconds since 1970; only makes ids sort nicely, no rule reads it
 * @returns {string}
 */
export function newPhotoId(wall = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0, rest = Math.max(0, Math.floor(wall)); i < 6; i += 1) {
    bytes[5 - i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * @param {Capture} capture
 * @param {string} sha256
 * @returns {Omit<PhotoRecord, "seq">} a record in review
 */
export function newRecord(capture, sha256) {
  const { bytes, ...frozen } = capture;
  return {
    ...frozen,
    size: bytes.byteLength,
    sha256,
    quality: capture.quality ?? { blurry: false, dark: false },
    retakeOf: capture.retakeOf ?? null,
    format: FORMAT,
    state: "captured",
    ...FRESH,
    everSigned: false,
  };
}

/**
 * The clinician's answer to whose photo this is, written with it. Only in review: a photo that may
 * have asked for a URL is known to the server by its consultation, and is moved there.
 * @param {PhotoRecord} record
 * @param {Place | null} to null where it stays
 * @param {string} at
 * @returns {PhotoRecord}
 */
export function withPlace(record, to, at) {
  if (record.state !== "captured" || record.everSigned) return record;
  const { consultationId: id, consultationLabel: label } = record;
  if (!to || to.id === id) return { ...record, placed: { at, from: null } };
  return {
    ...record,
    consultationId: to.id,
    consultationLabel: to.label,
    consultationOpenedAt: to.openedAt,
    consultationSecondIdentifier: to.secondIdentifier ?? null,
    placed: { at, from: { id, label } },
  };
}

/**
 * Whether a user who could see the photo has said whose it is, whatever the desktop did meanwhile.
 * @param {{placed?: Placed}} record
 */
export const isPlaced = ({ placed }) => !!placed && !placed.over;

/** What a photo looks like that has failed at nothing yet. */
export const FRESH = Object.freeze({
  reason: null,
  attempt: 0,
  equal: 0,
  nextTryAt: null,
  sent: false,
});

/**
 * What the screen shows: a pause of the whole queue is one row, so that a hundred photos need not
 * be written to say that there is no connection.
 * @param {PhotoRecord} record
 * @param {Pause | undefined} pause
 * @returns {PhotoSummary}
 */
export function summaryOf(record, pause) {
  const waits = record.state === "queued" || record.state === "waiting";
  if (!pause || !waits) return record;
  const { reason, attempt, nextTryAt } = pause;
  if (pause.concerns === "person") return { ...record, state: "needs-sign-in", reason };
  if (record.state === "waiting") return record;
  return { ...record, state: "waiting", reason, attempt, nextTryAt };
}
