/**
 * Every message between pages and worker: a closed union, accepted from our own origin only.
 */

/**
 * - `drain`: page to worker, send what waits;
 * - `token-request`: worker to page, with a port for the answer; `token-answer` comes back on it;
 * - `skip-waiting`: page to a waiting worker, take over as soon as no replay runs.
 * @typedef {{type: "drain"} | {type: "token-request", fresh: boolean} |
 *   {type: "token-answer", token: string | null} | {type: "skip-waiting"}} Message
 */

const TYPES = new Set(["drain", "token-request", "token-answer", "skip-waiting"]);

/** The tag under which the browser is asked to wake the worker when there is a connection. */
export const SYNC_TAG = "clinicpro-replay";

/**
 * @param {{data: unknown, origin: string}} event
 * @param {string} origin our own
 * @returns {Message | null} null for anything that is not for us
 */
export function messageOf({ data, origin: from }, origin) {
  // Ports carry no origin; they were handed over by a message that did.
  if (from !== "" && from !== origin) return null;
  const { type } = /** @type {{type?: unknown}} */ (data ?? {});
  return typeof type === "string" && TYPES.has(type) ? /** @type {Message} */ (data) : null;
}
