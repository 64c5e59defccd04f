/**
 * Tokens from open pages: the worker holds no sign-in of its own. Without a page that answers, the
 * upload cookie must do.
 */

import { pageOf } from "./addresses.js";
import { realClock } from "../pwa/queue/clock.js";
import { withLimit } from "../pwa/queue/limit.js";
import { messageOf } from "../pwa/queue/messages.js";

/** @import { Clock } from "../pwa/queue/clock.js" */

/** The pages that lend a token; any other would only be waited for. */
const LENDER = "/mobile";
const ANSWER_MS = 3_000;
/** A silent page is not asked again before each request of a replay, and a token lives a minute. */
const KEPT_MS = 20_000;

/**
 * For one replay: what a page said is believed for a while.
 * @param {Clients} clients
 * @param {Clock} [clock]
 * @returns {(wish: {fresh: boolean}) => Promise<string | null>}
 */
export function pageTokens(clients, clock = realClock) {
  /** @type {{token: string | null, until: number} | null} */
  let kept = null;
  return async (wish) => {
    if (wish.fresh || kept === null || kept.until <= clock.now()) {
      const token = await askPages(clients, wish, clock);
      kept = { token, until: clock.now() + KEPT_MS };
    }
    return kept.token;
  };
}

/**
 * Asks every page at once; the first token wins.
 * @param {Clients} clients
 * @param {{fresh: boolean}} wish
 * @param {Clock} clock
 * @returns {Promise<string | null>} null when no page has one in time
 */
async function askPages(clients, { fresh }, clock) {
  const asked = clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = await withLimit(asked, ANSWER_MS, "clients", clock).catch(() => []);
  const pages = open.filter((page) => pageOf(new URL(page.url).pathname) === LENDER);
  if (pages.length === 0) return null;
  return new Promise((resolve) => {
    const cancel = clock.after(ANSWER_MS, () => resolve(null));
    let silent = pages.length;
    const heard = (/** @type {string | null} */ token) => {
      silent -= 1;
      if (token === null && silent > 0) return;
      cancel();
      resolve(token);
    };
    for (const page of pages) ask(page, fresh, heard);
  });
}

/**
 * @param {Client} page
 * @param {boolean} fresh
 * @param {(token: string | null) => void} heard
 */
function ask(page, fresh, heard) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => {
    const message = messageOf(event, "");
    port1.close();
    heard(message?.type === "token-answer" ? message.token : null);
  };
  page.postMessage({ type: "token-request", fresh }, [port2]);
}
