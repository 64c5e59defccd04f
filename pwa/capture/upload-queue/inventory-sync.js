/** Reports the device inventory to the server: soon after each change, and with any contact. */
import { INVENTORY_PATH, sendInventory } from "../../queue/inventory.js";
import { realClock } from "../../shared/clock.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { DeviceInventory } from "../../queue/inventory.js" */
/** @import { Queue } from "../../queue/queue.js" */

const COLLECT = 1000; // ms in which a burst of shots becomes one list

export class InventorySync {
  #parts;
  #clock;
  #due = false;
  #syncing = false;

  /**
   * @param {Pick<Queue, "database">} queue
   * @param {(method: string, path: string, body: DeviceInventory) => Promise<unknown>} request
   * @param {{locks: Pick<LockManager, "request">, clock: Pick<Clock, "after">}} [browser]
   */
  constructor({ database }, request, browser = { locks: navigator.locks, clock: realClock }) {
    // What the server does not receive now is reported with the next contact.
    const send = (/** @type {DeviceInventory} */ list) =>
      request("PUT", INVENTORY_PATH, list).then(
        () => true,
        () => false,
      );
    this.#parts = { database, locks: browser.locks, send };
    this.#clock = browser.clock;
  }

  /** The server answered, or the queue changed while it does. */
  sync() {
    this.#due = true;
    if (!this.#syncing) void this.#sync();
  }

  /** A change during an answer is reported after it: only one list may be under way. */
  async #sync() {
    this.#syncing = true;
    while (this.#due) {
      await new Promise((elapsed) => this.#clock.after(COLLECT, () => elapsed(null)));
      this.#due = false;
      // Where the storage fails the page reports it elsewhere.
      await sendInventory(this.#parts).catch(() => {});
    }
    this.#syncing = false;
  }
}
