/**
 * Time, handed in so that tests can own it, and an end for every call of the platform: a promise of the
 * browser may never be kept, and what waits for it would wait as long as the page lives.
 */

/**
 * @typedef {object} Clock
 * @property {() => number} now monotonic milliseconds
 * @property {(ms: number, run: () => void) => () => void} after runs once; the answer cancels it
 */

/** @type {Clock} */
export const realClock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Runs work under a time limit and beside an abort signal from outside.
 * @template T
 * @param {Clock} clock
 * @param {number} ms
 * @param {AbortSignal | undefined} signal
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>} rejects with the abort reason; a TimeoutError when the limit was reached
 */
export async function within(clock, ms, signal, work) {
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  const cancel = clock.after(ms, () =>
    controller.abort(new DOMException("time limit", "TimeoutError")),
  );
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await work(controller.signal);
  } finally {
    cancel();
    signal?.removeEventListener("abort", stop);
  }
}

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
