/**
 * Gathers receipts, so that several photos are erased in one transaction: the erasing is most of
 * what a receipt costs the phone. None is held for longer than a person would notice, and none when
 * nothing else is left to do.
 */

/** @import { Clock } from "../../../shared/clock.js" */
/** @import { Receipt } from "../../../shared/api-types.js" */
/** @import { QueueStore } from "../queue-store.js" */
/** @import { Settled } from "../state.js" */

/** More in one transaction cost hardly less for each. */
const MOST = 8;
const LONGEST_MS = 100;

export class Settling {
  #queueStore;
  #clock;
  /** @type {(() => void)[]} */
  #held = [];
  #cancel = () => {};

  /**
   * @param {QueueStore} queueStore
   * @param {Clock} clock
   */
  constructor(queueStore, clock) {
    this.#queueStore = queueStore;
    this.#clock = clock;
  }

  /**
   * @param {string} photoId
   * @param {Receipt | null} receipt
   * @returns {Promise<Settled>} once it is written
   */
  settle(photoId, receipt) {
    return new Promise((resolve) => {
      this.#held.push(() => resolve(this.#queueStore.settlePhoto(photoId, receipt)));
      if (this.#held.length === 1) this.#cancel = this.#clock.after(LONGEST_MS, () => this.flush());
      if (this.#held.length >= MOST) this.flush();
    });
  }

  /** Writes what is held, in one transaction since it is asked for at once. */
  flush() {
    this.#cancel();
    for (const write of this.#held.splice(0)) write();
  }
}
