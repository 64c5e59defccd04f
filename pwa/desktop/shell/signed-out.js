/** The line that appears when the sign-in has ended, and goes when the server answers again. */
import { find } from "../../page/dom.js";
import { isSignedOut } from "./error-messages.js";

/**
 * @template {{ request(method: string, path: string, body?: any, options?: any): Promise<any> }} Api
 * @param {Api} api @param {HTMLElement} line @param {string} signInUrl @returns {Pick<Api, "request">}
 */
export function watchSignIn(api, line, signInUrl) {
  find(line, "a", HTMLAnchorElement).href = signInUrl;
  return {
    async request(...question) {
      try {
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
