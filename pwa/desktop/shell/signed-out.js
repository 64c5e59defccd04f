/** The line that appears when the sign-in has ended, and goes when the server answers again. */
import { find } from "../../page/dom.js";
import { isSignedOut } from "./error-messages.js";

/** @import { Api, ApiAnswer } from "../../shared/http.js" */

/** @param {Api} api @param {HTMLElement} line @param {string} signInUrl @returns {Api} */
export function watchSignIn(api, line, signInUrl) {
  find(line, "a", HTMLAnchorElement).href = signInUrl;
  return {
    /** @template Data @param {Parameters<Api["request"]>} question @returns {Promise<ApiAnswer<Data>>} */
    async request(...question) {
      try {
        /** @type {ApiAnswer<Data>} */
        const answer = await api.request(...question);
        line.hidden = true;
        return answer;
      } catch (error) {
        if (isSignedOut(error)) line.hidden = false;
        throw error;
      }
    },
  };
}
