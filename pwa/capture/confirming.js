/** The server's word before a photo: asked for, waited for as long as a person does, and no longer. */
import { realClock } from "../queue/clock.js";
import { unanswered } from "./consultation-guard.js";

/** @import { Clock } from "../queue/clock.js" */
/** @import { Moment } from "./consultation-guard.js" */
/** @import { Store } from "./store.js" */

/** How long a photo waits for the server's word. */
const ANSWER_MS = 2_000;

export class Confirming {
  #store;
  #clock;
  #wall;
  /** Asks which consultation is current; whether an answer came to a question put now or later. @type {() => Promise<boolean>} */
  askServer = async () => false;

  /** @param {Store} store @param {Clock} [clock] @param {() => number} [wall] */
  constructor(store, clock = realClock, wall = Date.now) {
    this.#store = store;
    this.#clock = clock;
    this.#wall = wall;
  }

  /** By both clocks: one may be set, the other stands still while the phone sleeps. @returns {Moment} */
  get moment() {
    return { wall: this.#wall(), still: this.#clock.now() };
  }

  /** Asks the server; without an answer in time its last word must do, or the name is tapped. */
  async confirm() {
    if (!(await this.answered())) this.unanswered();
  }

  /** @returns {Promise<boolean>} whether the server answered in time */
  async answered() {
    /** @type {() => void} */
    let cancel = () => {};
    const late = new Promise((resolve) => {
      cancel = this.#clock.after(ANSWER_MS, () => resolve(false));
    });
    const answered = await Promise.race([this.askServer(), late]);
    cancel();
    return answered === true;
  }

  /** Whether the last word is old enough that the name must be tapped. */
  unanswered() {
    const { visit, known, staleMinutes } = this.#store.state;
    if (!visit || !known) return;
    const next = unanswered(visit, known, this.moment, staleMinutes);
    if (next !== visit) this.#store.set({ visit: next });
  }
}
