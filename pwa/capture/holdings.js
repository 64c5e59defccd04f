/** Keeps the server told which photos this phone holds: soon after each change, and with any contact. */
import { CAPTURES, announce } from "../queue/announcing.js";

/** @import { CaptureList } from "../queue/announcing.js" */
/** @import { Queue } from "../queue/queue.js" */

const SETTLE = 1000; // ms in which a burst of shots becomes one list

export class Holdings {
  #parts;
  #timer = 0;

  /**
   * @param {Queue} queue
   * @param {(method: string, path: string, body: CaptureList) => Promise<unknown>} request
   */
  constructor({ database }, request) {
    // What the server does not hear now is told with the next contact.
    const send = (/** @type {CaptureList} */ list) =>
      request("PUT", CAPTURES, list).then(
        () => true,
        () => false,
      );
    this.#parts = { database, locks: navigator.locks, send };
  }

  /** The server answered, or the queue changed while it does. */
  tell() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      // Where the storage fails the page says so elsewhere.
      announce(this.#parts).catch(() => {});
    }, SETTLE);
  }
}
