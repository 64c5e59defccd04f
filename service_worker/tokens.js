/**
 * Tokens from open pages: the worker holds no sign-in of its own. Without a page that answers, the
 * upload cookie must do.
 */

import { pageOf } from "./addresses.js";
import { realClock, withLimit } from "../pwa/shared/clock.js";
import { messageOf } from "../pwa/queue/messages.js";

/** @import { Clock } from "../pwa/shared/clock.js" */

/** The pages that lend a token; any other would only cost the time limit. */
const LENDER = "/mobile";
const ANSWER_MS = 3_000;
/** A silent page is not asked again before each request of a replay, and a token lives a minute. */
const KEPT_MS = 20_000;

/**
 * For one replay: a page's answer is reused for `KEPT_MS`.
 * @param {Clients} clients
 * @param {Clock} [clock]
 * @returns {(request: {fresh: boolean}) => Promise<string | null>}
 */
export function pageTokens(clients, clock = realClock) {
  /** @type {{token: string | null, until: number} | null} */
  let kept = null;
  return async (request) => {
    if (request.fresh || kept === null || kept.until <= clock.now()) {
      const token = await askPages(clients, request, clock);
      kept = { token, until: clock.now() + KEPT_MS };
    }
    return kept.token;
  };
}

/**
 * Asks every page at once; the first token wins.
 * @param {Clients} clients
 * @param {{fresh: boolean}} request
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
    const onAnswer = (/** @type {string | null} */ token) => {
      silent -= 1;
      if (token === null && silent > 0) return;
      cancel();
      resolve(token);
    };
    for (const page of pages) ask(page, fresh, onAnswer);
  });
}

/**
 * @param {Client} page
 * @param {boolean} fresh
 * @param {(token: string | null) => void} onAnswer
 */
function ask(page, fresh, onAnswer) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => {
    const message = messageOf(event, "");
    port1.close();
    onAnswer(message?.type === "token-answer" ? message.token : null);
  };
  page.postMessage({ type: "token-request", fresh }, [port2]);
}
