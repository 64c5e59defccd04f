/**
 * The one table of what can go wrong on the way of a photo: whom a failure concerns and what the
 * queue does about it. A test holds it against the server's own codes.
 *
 * - *link*: the whole queue waits, no attempt is counted, nothing is ever parked;
 * - *person*: the whole queue pauses until somebody signs in;
 * - *photo*: one photo is sent again, tried three times, left for its owner or parked.
 */

/** @typedef {"wait" | "sign-in" | "send-again" | "new-url" | "thrice" | "leave" | "park"} Action */

/**
 * @typedef {object} Failure
 * @property {"link" | "person" | "photo"} concerns
 * @property {Action} action
 * @property {string} reason a code of the table, or `http-<status>` for an unknown answer
 * @property {number | null} retryAfterMs what the server asked for
 */

/** @typedef {{concerns: Failure["concerns"], action: Action}} Rule */

/** @type {Rule} */
const LINK = { concerns: "link", action: "wait" };
/** @type {Rule} */
const PERSON = { concerns: "person", action: "sign-in" };
/** @type {(action: Action) => Rule} */
const photo = (action) => ({ concerns: "photo", action });

/** Codes that a server answer carries. @type {Readonly<Record<string, Rule>>} */
export const SERVER_CODES = Object.freeze({
  unauthenticated: PERSON,
  "session-pending": PERSON,
  "wrong-password": PERSON,
  // Refused for where the request came from, whatever photo it was about.
  "cross-site": LINK,
  "host-not-allowed": LINK,
  "not-found": photo("thrice"),
  "method-not-allowed": photo("thrice"),
  "unsupported-media-type": photo("thrice"),
  "consultation-not-found": photo("park"),
  "consultation-closed": photo("park"),
  // Answers to the desktop alone; no upload gets them.
  "consultation-not-empty": photo("thrice"),
  "label-in-use": photo("thrice"),
  "photo-conflict": photo("park"),
  "checksum-mismatch": photo("park"),
  "invalid-image": photo("park"),
  "invalid-field": photo("park"),
  "too-large": photo("park"),
  "other-owner": photo("leave"),
  "not-uploaded": photo("send-again"),
  // The server lost the row or never had it: asking for a URL makes it anew.
  "photo-not-found": photo("send-again"),
  "rate-limited": LINK,
  internal: LINK,
  unavailable: LINK,
  "keys-unavailable": LINK,
  "store-unavailable": LINK,
  "database-busy": LINK,
  "storage-full": LINK,
});

/** Codes that the phone finds out by itself. @type {Readonly<Record<string, Rule>>} */
export const PHONE_CODES = Object.freeze({
  "no-answer": LINK,
  "timed-out": LINK,
  "not-ours": LINK,
  "store-unreachable": LINK,
  "store-400": photo("new-url"),
  "store-403": photo("new-url"),
  "not-stored": photo("thrice"),
  "not-deleted": photo("thrice"),
  "record-damaged": photo("park"),
  "receipt-mismatch": photo("park"),
});

/**
 * @param {string} reason a code of the phone's own
 * @param {number | null} [retryAfterMs]
 * @returns {Failure}
 */
export function failure(reason, retryAfterMs = null) {
  return { ...PHONE_CODES[reason], reason, retryAfterMs };
}

/**
 * @param {number} status of an answer in our own form, or of one item of a batch
 * @param {string | null} code
 * @param {number | null} [retryAfterMs]
 * @returns {Failure}
 */
export function classify(status, code, retryAfterMs = null) {
  const known = code !== null && Object.hasOwn(SERVER_CODES, code);
  const reason = known ? code : `http-${status}`;
  return { ...ruleOf(status, known ? code : null), reason, retryAfterMs };
}

/**
 * @param {number} status
 * @param {string | null} code known, or null
 * @returns {Rule}
 */
function ruleOf(status, code) {
  if (status >= 500 || status === 429) return LINK;
  if (code !== null) return SERVER_CODES[code];
  return status === 401 ? PERSON : photo("thrice");
}
