/** Errors in words: what happened, what is safe, what to do. */
import { desktop as words } from "../../page/words/desktop.js";

const SIGNED_OUT = new Set(["unauthenticated", "session-pending", "password-change-required"]);

/** @typedef {{ name?: string, code?: string, reason?: string }} AnyError of ours or the browser's */

/** @param {unknown} error @returns {boolean} whether signing in again is the way out */
export function isSignedOut(error) {
  const { name, code = "" } = /** @type {AnyError} */ (error ?? {});
  return name === "SignedOut" || SIGNED_OUT.has(code);
}

/** @param {unknown} error */
function reason(error) {
  const reasons = /** @type {Record<string, string>} */ (words.reasons);
  const { name, code = "" } = /** @type {AnyError} */ (error ?? {});
  if (isSignedOut(error)) return reasons.signedOut;
  if (name === "NotReached") return reasons.unreached;
  return reasons[code] ?? reasons.other;
}

/** @param {keyof typeof words.failed} what @param {unknown} error */
export function errorMessage(what, error) {
  // A timeout does not mean that it was not done, so the message must not claim that.
  if (/** @type {AnyError | null} */ (error)?.reason === "timeout") return words.reasons.timeout;
  return `${words.failed[what]} ${reason(error)}`;
}
