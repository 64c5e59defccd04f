/**
 * Drives the pure core with real parts: takes the lock, loads the queue, begins what the core asks
 * for and feeds every answer back. One photo's bytes are in memory at a time. Page and worker run
 * this same module.
 */

import { initialState, step } from "./core.js";
import { perform } from "./errands.js";
import { withReplayLock } from "./lock.js";

/** @import { Notice } from "./changes.js" */
/** @import { Clock } from "./clock.js" */
/** @import { Errand } from "./errands.js" */
/** @import { Ledger } from "./ledger.js" */
/** @import { CoreState, Effect, Happening } from "./task.js" */
/** @import { Uploader } from "./uploader.js" */

/**
 * @typedef {object} Parts
 * @property {Ledger} ledger
 * @property {Uploader} network
 * @property {LockManager} locks
 * @property {Clock} clock
 * @property {() => number} random from 0 up to but not including 1
 * @property {() => Promise<boolean>} visible whether somebody is looking at a page of ours
 * @property {AbortSignal} signal ends it at once, whatever is under way
 * @property {boolean} [wait] wait for the lock instead of answering "busy"
 * @property {number} [patienceMs] a longer pause ends the run; the next trigger begins another
 * @property {number} [budgetMs] after this nothing new is begun
 */

/**
 * `drained`: nothing is left to send; `waiting`: something waits for its time or for the link;
 * `stopped`: the budget was used up; `aborted`: by the signal; `busy`: another replay runs;
 * `nobody`: nobody is signed in on this phone.
 * @typedef {"drained" | "needs-sign-in" | "stopped" | "waiting" | "aborted" | "busy" | "nobody"} Outcome
 */

const PATIENCE_MS = 30_000;
const BUDGET_MS = 240_000;

/**
 * @param {Parts} parts
 * @returns {Promise<Outcome>} rejects only when the phone's own storage fails
 */
export function replay(parts) {
  const { locks, ledger, clock, signal, wait = false } = parts;
  const run = async (/** @type {AbortSignal} */ held) => {
    const owner = await ledger.sender();
    if (owner === null) return "nobody";
    await ledger.recover();
    return new Run({ ...parts, signal: held }, owner).finished();
  };
  return withReplayLock({ locks, ledger, clock, wait, signal, run });
}

class Run {
  #parts;
  #owner;
  /** @type {CoreState} */
  #state = initialState(null, 0);
  #visible = true;
  #over = false;
  #halt = new AbortController();
  /** The queue was looked at once more after the core had nothing left to do. */
  #checked = false;
  /** @type {Set<Promise<unknown>>} */
  #underWay = new Set();
  /** @type {(() => void)[]} */
  #cleanups = [];
  #cancelWake = () => {};
  /** @type {(outcome: Outcome) => void} */
  #resolve = () => {};
  /** @type {(error: unknown) => void} */
  #reject = () => {};

  /**
   * @param {Parts} parts
   * @param {string} owner
   */
  constructor(parts, owner) {
    this.#parts = parts;
    this.#owner = owner;
  }

  /** @returns {Promise<Outcome>} */
  async finished() {
    const { ledger, clock, signal } = this.#parts;
    this.#state = initialState(await ledger.paused(), clock.now());
    if (signal.aborted) return "aborted";
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#attach();
      this.#track(this.#look());
    });
  }

  #attach() {
    const { ledger, clock, signal, budgetMs = BUDGET_MS } = this.#parts;
    const abort = () => this.#end("aborted");
    signal.addEventListener("abort", abort);
    this.#cleanups = [
      () => signal.removeEventListener("abort", abort),
      clock.after(budgetMs, () => this.#happen({ type: "stop" })),
      ledger.listen((notice) => this.#heard(notice)),
      () => this.#cancelWake(),
    ];
  }

  /** @param {Notice} notice */
  #heard(notice) {
    if (notice.type === "hurry") this.#happen({ type: "hurry" });
    else if (notice.by === "page") this.#track(this.#look());
  }

  async #look() {
    const { ledger, visible } = this.#parts;
    this.#visible = await visible();
    // Somebody else signed in, or nobody is any more: this run sends for neither.
    if ((await ledger.sender()) !== this.#owner) return this.#end("aborted");
    this.#happen({ type: "loaded", rows: await ledger.load(this.#owner) });
  }

  /** @param {Happening} happening */
  #happen(happening) {
    if (this.#over) return;
    const { clock, random } = this.#parts;
    const moment = { now: clock.now(), random: random(), visible: this.#visible };
    const { state, effects } = step(this.#state, { ...happening, ...moment });
    this.#state = state;
    if (happening.type !== "loaded") this.#checked = false;
    for (const effect of effects) this.#begin(effect);
  }

  /** @param {Effect} effect */
  #begin(effect) {
    if (effect.type === "finish") this.#finish(effect.outcome);
    else if (effect.type === "wake") this.#sleep(effect.inMs);
    else this.#track(this.#do(effect));
  }

  /** @param {Errand} errand */
  async #do(errand) {
    const { ledger, network, visible } = this.#parts;
    const means = { ledger, network, owner: this.#owner, signal: this.#halt.signal };
    const happening = await perform(means, errand);
    if (!happening) return;
    this.#visible = await visible();
    this.#happen(happening);
  }

  /** @param {Outcome} outcome */
  #finish(outcome) {
    if (outcome !== "drained" || this.#checked) return this.#end(outcome);
    // A photo may have been approved since the last look, and its notice may have been missed.
    this.#checked = true;
    this.#track(this.#look());
  }

  /** @param {number} ms */
  #sleep(ms) {
    const { clock, patienceMs = PATIENCE_MS } = this.#parts;
    this.#cancelWake();
    if (ms > patienceMs) return this.#end("waiting");
    this.#cancelWake = clock.after(ms, () => this.#happen({ type: "tick" }));
  }

  /** @param {Outcome} outcome */
  #end(outcome) {
    this.#wrapUp(() => this.#resolve(outcome));
  }

  /**
   * What is being written must be written before the lock goes: the next holder reads it.
   * @param {() => void} answer
   */
  #wrapUp(answer) {
    if (this.#over) return;
    this.#over = true;
    this.#halt.abort();
    for (const cleanup of this.#cleanups) cleanup();
    void Promise.allSettled(this.#underWay).then(answer);
  }

  /** @param {Promise<unknown>} work rejects only when the phone's own storage fails */
  #track(work) {
    this.#underWay.add(work);
    work.then(
      () => this.#underWay.delete(work),
      (error) => this.#wrapUp(() => this.#reject(error)),
    );
  }
}
