/**
 * Whether there is a connection to our own server: believed only after it answered in its own form.
 * A captive portal answers too.
 */

import { within } from "./clock.js";
import { isOurs } from "./uploader.js";

/** @import { Clock } from "./clock.js" */

/** I10: a good link is noticed within 30 s. */
export const PROBE_MS = 25_000;
const LIMIT_MS = 5_000;

/**
 * @param {{fetch: typeof globalThis.fetch, clock: Clock}} parts
 * @returns {Promise<boolean>}
 */
export async function probeLink({ fetch, clock }) {
  /** @type {RequestInit} */
  const init = { cache: "no-store", credentials: "omit", redirect: "error" };
  const ask = (/** @type {AbortSignal} */ signal) => fetch("/health/live", { ...init, signal });
  const response = await within(clock, LIMIT_MS, undefined, ask).catch(() => null);
  return response !== null && response.ok && isOurs(response);
}
