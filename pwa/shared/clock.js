/** Time as the queue needs it, handed in so that tests can own it. */

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
