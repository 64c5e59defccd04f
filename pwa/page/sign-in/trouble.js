/** What went wrong with a sign-in, in words: what happened, and what to do. */

import { ApiProblem, NotReached } from "../../shared/http.js";
import { signIn as words } from "../words/sign-in.js";

/**
 * @param {unknown} error
 * @param {string} wrong what a wrong password means here
 */
export function sentenceFor(error, wrong) {
  if (error instanceof NotReached) return words.failed.unreached;
  return error instanceof ApiProblem ? ofProblem(error, wrong) : words.failed.other;
}

/** @param {ApiProblem} error @param {string} wrong */
function ofProblem(error, wrong) {
  const { failed } = words;
  switch (error.code) {
    case "wrong-password":
      return wrong;
    case "rate-limited":
      return failed.tooMany(Math.ceil((error.retryAfterMs ?? 1000) / 1000));
    case "unauthenticated":
      return failed.signedOut;
    case "invalid-field":
    case "cross-site":
      // The server knows the rule that was broken, or the address to use instead.
      return error.detail || failed.other;
    default:
      return failed.other;
  }
}
