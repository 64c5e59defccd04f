/**
 * The one table of what can go wrong on the way of a photo: whom a failure concerns and what the
 * queue does about it. A test compares it with the server's own codes.
 *
 * - *link*: the whole queue waits, no attempt is counted, nothing is ever parked;
 * - *person*: the whole queue pauses until the user signs in;
 * - *photo*: one photo is sent again, tried three times, left for its owner or parked. A failure
 *   that may meet every photo (*shared*) is this one's own only where another one gets through.
 */

/** @typedef {"wait" | "sign-in" | "send-again" | "retry" | "leave" | "park"} Action */

/**
 * @typedef {object} Failure
 * @property {"link" | "person" | "photo"} concerns
 * @property {Action} action
 * @property {boolean} [shared] it may meet every photo
 * @property {string} reason a code of the table, or `http-<status>` for an unknown answer
 * @property {number | null} retryAfterMs what the server asked for
 */

/** @typedef {{concerns: Failure["concerns"], action: Action, shared?: boolean}} Rule */

/** @type {Rule} */
const LINK = { concerns: "link", action: "wait" };
/** @type {Rule} */
const SIGN_IN = { concerns: "person", action: "sign-in" };
/** @type {(action: Action) => Rule} */
const photo = (action) => ({ concerns: "photo", action });
/** @type {(action: Action) => Rule} */
const shared = (action) => ({ concerns: "photo", action, shared: true });

/** Codes that a server answer carries. @type {Readonly<Record<string, Rule>>} */
export const SERVER_CODES = Object.freeze({
  unauthenticated: SIGN_IN,
  "session-pending": SIGN_IN,
  "password-change-required": SIGN_IN,
  "wrong-password": SIGN_IN,
  // Refused for where the request came from, whatever photo it was about.
  "cross-site": LINK,
  "host-not-allowed": LINK,
  "not-found": shared("retry"),
  "method-not-allowed": shared("retry"),
  "unsupported-media-type": shared("retry"),
  "consultation-not-found": photo("park"),
  "consultation-closed": photo("park"),
  // Answers to the desktop alone; no upload gets them.
  "consultation-not-empty": shared("retry"),
  "label-in-use": shared("retry"),
  "photo-conflict": photo("park"),
  "checksum-mismatch": photo("park"),
  "invalid-image": photo("park"),
  // A server that refuses a field of every photo is older or newer than this page.
  "invalid-field": shared("park"),
  "too-large": photo("park"),
  "other-owner": photo("leave"),
  "not-uploaded": photo("send-again"),
  // The server lost the row or never had it: asking for a URL creates it again.
  "photo-not-found": photo("send-again"),
  "rate-limited": LINK,
  internal: LINK,
  unavailable: LINK,
  "keys-unavailable": LINK,
  "store-unavailable": LINK,
  "store-refused": LINK,
  "store-not-encrypted": LINK,
  "database-busy": LINK,
  "storage-full": LINK,
});

/** Codes that the phone finds out by itself. @type {Readonly<Record<string, Rule>>} */
export const PHONE_CODES = Object.freeze({
  // The server asks for a sign-in and refuses even a fresh token.
  "sign-in-refused": SIGN_IN,
  "no-answer": LINK,
  "timed-out": LINK,
  "not-ours": LINK,
  "store-unreachable": LINK,
  "store-400": shared("retry"),
  "store-403": shared("retry"),
  "store-4xx": shared("retry"),
  "store-clock": shared("retry"),
  "size-refused": shared("retry"),
  blocked: shared("retry"),
  "not-stored": photo("retry"),
  "not-deleted": photo("retry"),
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
 * @param {string} reason whatever code it is, the whole queue waits for it
 * @param {number | null} [retryAfterMs]
 * @returns {Failure}
 */
export function waitFailure(reason, retryAfterMs = null) {
  return { ...LINK, reason, retryAfterMs };
}

/**
 * @param {string} reason
 * @returns {boolean} whether it may meet every photo
 */
function isShared(reason) {
  const rule = PHONE_CODES[reason] ?? SERVER_CODES[reason];
  return rule ? rule.shared === true : /^http-4/.test(reason);
}

/**
 * @param {string} reason of a wait
 * @returns {boolean} whether only a photo that gets through shows that it is over
 */
export const needsReceipt = (reason) => reason === "store-unreachable" || isShared(reason);

/**
 * @param {string} reason of a wait
 * @returns {boolean} whether it may be that of one object only: the others are not kept behind it
 */
export const mayConcernOneObject = (reason) =>
  reason === "store-refused" || reason === "store-not-encrypted";

/**
 * @param {string | null} reason of a parked photo
 * @returns {boolean} whether the cause may be gone since, so that another try is worth it
 */
export const mayBeOver = (reason) =>
  reason !== null && (reason === "not-stored" || isShared(reason));

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
  return status === 401 ? SIGN_IN : shared("retry");
}
