/**
 * Notifies every page and worker of this origin that the queue changed or should hurry. Messages
 * carry no content: the receiver reads the database.
 */

import { realClock } from "../shared/clock.js";

/** @import { Clock } from "../shared/clock.js" */

/** @typedef {{type: "changed", by: "page" | "replay"} | {type: "hurry"}} Notice */

const CHANNEL = "clinicpro-queue";

/** While photos are being sent the queue changes faster than a person can follow. */
const REPLAY_GAP_MS = 100;

export class Changes {
  #channel = new BroadcastChannel(CHANNEL);
  #clock;
  #closed = false;
  /** @type {Set<(notice: Notice) => void>} */
  #listeners = new Set();
  /** End those calls of watchers that are still to come. @type {Set<() => void>} */
  #cancels = new Set();

  /** @param {Pick<Clock, "after">} [clock] */
  constructor(clock = realClock) {
    this.#clock = clock;
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
   * @param {() => unknown} callback called after any notice; a slow one is called once for many, and
   *   one for all that a replay has changed within a tenth of a second
   * @returns {() => void} stops watching
   */
  watch(callback) {
    const run = coalesced(callback);
    const { ask, cancel } = onceIn(this.#clock, REPLAY_GAP_MS, run);
    this.#cancels.add(cancel);
    const stop = this.listen((notice) => (isOfReplay(notice) ? ask() : run()));
    return () => {
      stop();
      cancel();
      this.#cancels.delete(cancel);
    };
  }

  close() {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
    this.#listeners.clear();
    this.#channel.close();
  }

  /** @param {Notice} notice */
  #deliver(notice) {
    for (const listener of this.#listeners) listener(notice);
  }
}

/** @param {Notice} notice */
const isOfReplay = (notice) => notice.type === "changed" && notice.by === "replay";

/**
 * @param {Pick<Clock, "after">} clock
 * @param {number} ms
 * @param {() => unknown} run
 * @returns {{ask: () => void, cancel: () => void}} runs it after this time, once however often it was asked
 */
function onceIn(clock, ms, run) {
  /** @type {(() => void) | null} */
  let due = null;
  const cancel = () => {
    due?.();
    due = null;
  };
  const begin = () => {
    due = null;
    run();
  };
  const ask = () => void (due ??= clock.after(ms, begin));
  return { ask, cancel };
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
