/** Keeps the server told which photos this phone holds: soon after each change, and with any contact. */
import { CAPTURES, announce } from "../queue/announcing.js";

/** @import { CaptureList } from "../queue/announcing.js" */
/** @import { Queue } from "../queue/queue.js" */

const SETTLE = 1000; // ms in which a burst of shots becomes one list

export class Holdings {
  #parts;
  #timers;
  #due = false;
  #telling = false;

  /**
   * @param {Pick<Queue, "database">} queue
   * @param {(method: string, path: string, body: CaptureList) => Promise<unknown>} request
   * @param {{locks: Pick<LockManager, "request">, timers: {setTimeout: (run: () => void, ms: number) => unknown}}} [browser]
   */
  constructor({ database }, request, browser = { locks: navigator.locks, timers: globalThis }) {
    // What the server does not hear now is told with the next contact.
    const send = (/** @type {CaptureList} */ list) =>
      request("PUT", CAPTURES, list).then(
        () => true,
        () => false,
      );
    this.#parts = { database, locks: browser.locks, send };
    this.#timers = browser.timers;
  }

  /** The server answered, or the queue changed while it does. */
  tell() {
    this.#due = true;
    if (!this.#telling) void this.#tell();
  }

  /** A change during an answer is told after it: a list of its own would find the one before under way. */
  async #tell() {
    this.#telling = true;
    while (this.#due) {
      await new Promise((settled) => this.#timers.setTimeout(() => settled(null), SETTLE));
      this.#due = false;
      // Where the storage fails the page says so elsewhere.
      await announce(this.#parts).catch(() => {});
    }
    this.#telling = false;
  }
}
