/** How long to wait after a failure: exponential with full jitter, in milliseconds. */

const FIRST_MS = 1_000;
const VISIBLE_MS = 30_000;
const HIDDEN_MS = 300_000;
/** Full jitter may draw nearly nothing; a failing link must still never be asked in a tight loop. */
const LEAST_MS = 250;

/**
 * @param {object} situation
 * @param {number} situation.failures in a row, from 1
 * @param {number} situation.random from 0 up to but not including 1
 * @param {boolean} situation.visible whether a page is visible
 * @param {number | null} [situation.retryAfterMs] what the server asked for; at least that is waited
 * @returns {number}
 */
export function backoff({ failures, random, visible, retryAfterMs = null }) {
  const ceiling = visible ? VISIBLE_MS : HIDDEN_MS;
  const grown = Math.min(ceiling, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const asked = Math.min(retryAfterMs ?? 0, HIDDEN_MS);
  return Math.max(LEAST_MS, random * grown, asked === 0 ? 0 : asked + random * spread(asked));
}

/**
 * All phones may have received the same Retry-After: a thousand of them within one second would be
 * the next outage.
 * @param {number} asked
 */
const spread = (asked) => Math.max(FIRST_MS, asked / 4);

/** No persisted wait may be longer than this, whatever the phone's clock did meanwhile. */
export const LONGEST_WAIT_MS = HIDDEN_MS + spread(HIDDEN_MS);
