/**
 * Opens the queue with an end to the waiting. WebKit may end a worker in the middle of a transaction and
 * leave that in front of all others, for as long as the app lives: the page must not stay blank.
 */
import { realClock } from "../../shared/clock.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { Queue } from "../../queue/queue.js" */
/** @import { ErrorReason } from "../flow.js" */

export const OPENING_LIMIT_MS = 10_000; // ms; a phone under load answers within two or three seconds

/**
 * @param {() => Promise<Queue>} open
 * @param {(late: Queue) => void} late called when storage answers after all
 * @param {Clock} [clock]
 * @returns {Promise<Queue | ErrorReason>} a queue that has been read, or why there is none
 */
export function openInTime(open, late, clock = realClock) {
  return new Promise((resolve) => {
    let silent = false;
    const cancel = clock.after(OPENING_LIMIT_MS, () => {
      silent = true;
      resolve("silent");
    });
    const answered = (/** @type {Queue} */ queue) => (silent ? late(queue) : resolve(queue));
    read(open)
      .then(answered, () => resolve("storage"))
      .finally(cancel);
  });
}

/** All that the first screen needs was read once. @param {() => Promise<Queue>} open */
async function read(open) {
  const queue = await open();
  await queue.list("");
  return queue;
}
