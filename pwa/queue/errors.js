/**
 * The one table of what can go wrong on the way of a photo: whom a failure concerns and what the
 * queue does about it. A test holds it against the server's own codes.
 *
 * - *link*: the whole queue waits, no attempt is counted, nothing is ever parked;
 * - *person*: the whole queue pauses until somebody signs in;
 * - *photo*: one photo is sent again, tried three times, left for its owner or parked. What may be
 *   said to every photo (*shared*) is this one's own only where another one gets through.
 */

/** @typedef {"wait" | "sign-in" | "send-again" | "thrice" | "leave" | "park"} Action */

/**
 * @typedef {object} Failure
 * @property {"link" | "person" | "photo"} concerns
 * @property {Action} action
 * @property {boolean} [shared] it may be said to every photo
 * @property {string} reason a code of the table, or `http-<status>` for an unknown answer
 * @property {number | null} retryAfterMs what the server asked for
 */

/** @typedef {{concerns: Failure["concerns"], action: Action, shared?: boolean}} Rule */

/** @type {Rule} */
const LINK = { concerns: "link", action: "wait" };
/** @type {Rule} */
const PERSON = { concerns: "person", action: "sign-in" };
/** @type {(action: Action) => Rule} */
const photo = (action) => ({ concerns: "photo", action });
/** @type {(action: Action) => Rule} */
const shared = (action) => ({ concerns: "photo", action, shared: true });

/** Codes that a server answer carries. @type {Readonly<Record<string, Rule>>} */
export const SERVER_CODES = Object.freeze({
  unauthenticated: PERSON,
  "session-pending": PERSON,
  "password-change-required": PERSON,
  "wrong-password": PERSON,
  // Refused for where the request came from, whatever photo it was about.
  "cross-site": LINK,
  "host-not-allowed": LINK,
  "not-found": shared("thrice"),
  "method-not-allowed": shared("thrice"),
  "unsupported-media-type": shared("thrice"),
  "consultation-not-found": photo("park"),
  "consultation-closed": photo("park"),
  // Answers to the desktop alone; no upload gets them.
  "consultation-not-empty": shared("thrice"),
  "label-in-use": shared("thrice"),
  "photo-conflict": photo("park"),
  "checksum-mismatch": photo("park"),
  "invalid-image": photo("park"),
  // A server that refuses a field of every photo is older or newer than this page.
  "invalid-field": shared("park"),
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
  "store-refused": LINK,
  "store-not-encrypted": LINK,
  "database-busy": LINK,
  "storage-full": LINK,
});

/** Codes that the phone finds out by itself. @type {Readonly<Record<string, Rule>>} */
export const PHONE_CODES = Object.freeze({
  // The server wants a sign-in, and takes the freshest one for none.
  "sign-in-refused": PERSON,
  "no-answer": LINK,
  "timed-out": LINK,
  "not-ours": LINK,
  "store-unreachable": LINK,
  "store-400": shared("thrice"),
  "store-403": shared("thrice"),
  "store-4xx": shared("thrice"),
  "store-clock": shared("thrice"),
  "size-refused": shared("thrice"),
  blocked: shared("thrice"),
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
 * @param {string} reason whatever code it is, the whole queue waits for it
 * @param {number | null} [retryAfterMs]
 * @returns {Failure}
 */
export function wait(reason, retryAfterMs = null) {
  return { ...LINK, reason, retryAfterMs };
}

/**
 * @param {string} reason
 * @returns {boolean} whether it may be said to every photo
 */
function isShared(reason) {
  const rule = PHONE_CODES[reason] ?? SERVER_CODES[reason];
  return rule ? rule.shared === true : /^http-4/.test(reason);
}

/**
 * @param {string} reason of a wait
 * @returns {boolean} whether only a photo that gets through tells that it is over
 */
export const needsProof = (reason) => reason === "store-unreachable" || isShared(reason);

/**
 * @param {string} reason of a wait
 * @returns {boolean} whether it may be that of one object only: the others are not kept behind it
 */
export const maybeOfOne = (reason) =>
  reason === "store-refused" || reason === "store-not-encrypted";

/**
 * @param {string | null} reason of a parked photo
 * @returns {boolean} whether the world may have changed since, so that another try is worth it
 */
export const mayPass = (reason) => reason !== null && (reason === "not-stored" || isShared(reason));

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
  return status === 401 ? PERSON : shared("thrice");
}
