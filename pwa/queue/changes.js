/**
 * Notifies every page and worker of this origin that the queue changed or should hurry. Messages
 * carry no content: the receiver reads the database.
 */

/** @typedef {{type: "changed", by: "page" | "replay"} | {type: "hurry"}} Notice */

const CHANNEL = "clinicpro-queue";

export class Changes {
  #channel = new BroadcastChannel(CHANNEL);
  /** @type {Set<(notice: Notice) => void>} */
  #listeners = new Set();
  #closed = false;

  constructor() {
    this.#channel.onmessage = (event) => this.#deliver(event.data);
  }

  /** @param {Notice} notice */
  publish(notice) {
    // What was still under way when this context left has nobody to tell.
    if (this.#closed) return;
    this.#channel.postMessage(notice);
    // A channel does not receive its own messages, and listeners in this context need them too.
    this.#deliver(notice);
  }

  /**
   * @param {(notice: Notice) => void} listener
   * @returns {() => void} stops listening
   */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * @param {() => unknown} callback called after any notice; a slow one is called once for many
   * @returns {() => void} stops watching
   */
  watch(callback) {
    return this.listen(coalesced(callback));
  }

  close() {
    this.#closed = true;
    this.#listeners.clear();
    this.#channel.close();
  }

  /** @param {Notice} notice */
  #deliver(notice) {
    for (const listener of this.#listeners) listener(notice);
  }
}

/**
 * @param {() => unknown} callback
 * @returns {() => void} runs it at once, and once more if asked again meanwhile
 */
function coalesced(callback) {
  let running = false;
  let again = false;
  return async function run() {
    again = running;
    if (running) return;
    running = true;
    try {
      await callback();
    } finally {
      running = false;
    }
    if (again) await run();
  };
}
