/**
 * An end for every call of the platform: a promise of the browser may never be kept, and what waits for
 * it would wait as long as the page lives.
 */
import { realClock } from "./clock.js";

/** @import { Clock } from "./clock.js" */

/** The platform did not answer in time; the message is what was asked of it. */
export class NoAnswer extends Error {
  name = "NoAnswer";
}

/**
 * @template T
 * @param {Promise<T> | T} work goes on by itself after the limit; its end is ignored then
 * @param {number} ms
 * @param {string} what named in the error, for the search for its cause
 * @param {Pick<Clock, "after">} [clock]
 * @returns {Promise<T>} rejects with NoAnswer when the limit was reached
 */
export function withLimit(work, ms, what, clock = realClock) {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new NoAnswer(what)));
    Promise.resolve(work).then(resolve, reject).finally(cancel);
  });
}
