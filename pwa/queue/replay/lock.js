/**
 * At most one replay per origin: a Web Lock, and a heartbeat row that distinguishes a frozen holder
 * from a working one. Effects are idempotent, so a stolen lock may double a request but
 * never a photo.
 */

/** @import { Clock } from "../../shared/clock.js" */
/** @import { QueueStore } from "./queue-store.js" */

/**
 * @template T
 * @typedef {object} Holding
 * @property {LockManager} locks
 * @property {QueueStore} queueStore
 * @property {Clock} clock
 * @property {boolean} wait whether to wait for the lock, or to answer "busy" at once
 * @property {AbortSignal} signal
 * @property {(signal: AbortSignal) => Promise<T>} run aborted when the lock is stolen
 */

export const LOCK = "clinicpro-replay";
export const SILENT_MS = 90_000;
const BEAT_MS = 15_000;

/**
 * @template T
 * @param {Holding<T>} holding
 * @returns {Promise<T | "busy">} busy: another replay runs, or took over
 */
export async function withReplayLock(holding) {
  const { wait, signal, queueStore } = holding;
  /** @type {LockOptions} */
  const options = wait ? { signal } : { ifAvailable: true };
  let refused = false;
  const outcome = await request(holding, options, () => (refused = true));
  // A holder whose lock was stolen does not steal it back.
  if (!refused || signal.aborted) return outcome;
  if ((await queueStore.msSinceHeartbeat()) < SILENT_MS) return outcome;
  return request(holding, { steal: true });
}

/**
 * @template T
 * @param {Holding<T>} holding
 * @param {LockOptions} options
 * @param {() => void} [refused] called when another replay has it
 * @returns {Promise<T | "busy">}
 */
async function request(holding, options, refused) {
  const mine = new AbortController();
  const stop = () => mine.abort(holding.signal.reason);
  holding.signal.addEventListener("abort", stop, { once: true });
  // A signal that is aborted already fires no event.
  if (holding.signal.aborted) stop();
  const held = holding.locks.request(LOCK, options, (lock) => {
    if (lock) return beating(holding, mine.signal);
    refused?.();
    return "busy";
  });
  // Stolen: the work inside still runs and must stop, its fetches included.
  held.catch((error) => mine.abort(error));
  return held.catch(busyOr).finally(() => holding.signal.removeEventListener("abort", stop));
}

/**
 * @template T
 * @param {Holding<T>} holding
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
async function beating({ queueStore, clock, run }, signal) {
  await queueStore.writeHeartbeat();
  let over = false;
  // A failed beat is not reported here: the run itself will meet the same storage error.
  const beat = () => queueStore.writeHeartbeat().then(next, next);
  let cancel = clock.after(BEAT_MS, beat);
  const next = () => {
    if (!over) cancel = clock.after(BEAT_MS, beat);
  };
  try {
    return await run(signal);
  } finally {
    over = true;
    cancel();
  }
}

/**
 * @param {unknown} error
 * @returns {"busy"} when the lock was taken away or no longer wanted
 */
function busyOr(error) {
  if (/** @type {Error} */ (error).name !== "AbortError") throw error;
  return "busy";
}
