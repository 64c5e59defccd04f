/** Asks the server for the current consultation before a photo, and waits as long as a user would. */
import { realClock } from "../../shared/clock.js";
import { unanswered } from "./consultation-guard.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { Moment } from "./consultation-guard.js" */
/** @import { Store } from "../store.js" */

/** How long a photo waits for the server's answer. */
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

  /** Asks the server; without an answer in time its last one is used, or the name is tapped. */
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

  /** Asks for a tap of the name where the server's last answer is too old. */
  unanswered() {
    const { cameraSession, known, staleMinutes } = this.#store.state;
    if (!cameraSession || !known) return;
    const next = unanswered(cameraSession, known, this.moment, staleMinutes);
    if (next !== cameraSession) this.#store.set({ cameraSession: next });
  }
}
