/**
 * Drives the pure core with real parts: takes the lock, loads the queue, begins what the core asks
 * for and feeds every answer back. The bytes of two photos are in memory at a time: of the one being
 * sent and of the next. Page and worker run this same module.
 */

import { ReadAhead } from "./overlap/read-ahead.js";
import { initialState, step } from "./reducer.js";
import { Settling } from "./overlap/settling.js";
import { runEffect } from "./effects.js";
import { hasOnlyReceiptsLeft } from "./state.js";
import { withReplayLock } from "./lock.js";

/** @import { Notice } from "../changes.js" */
/** @import { Clock } from "../../shared/clock.js" */
/** @import { RunnableEffect } from "./effects.js" */
/** @import { QueueStore } from "./queue-store.js" */
/** @import { CoreState, Effect, ReplayEvent } from "./state.js" */
/** @import { Uploader } from "./uploader.js" */

/**
 * @typedef {object} Parts
 * @property {QueueStore} queueStore
 * @property {Uploader} network
 * @property {LockManager} locks
 * @property {Clock} clock
 * @property {() => number} random from 0 up to but not including 1
 * @property {() => Promise<boolean>} visible whether a page of ours is visible
 * @property {AbortSignal} signal ends it at once, whatever is under way
 * @property {boolean} [wait] wait for the lock instead of answering "busy"
 * @property {number} [longestPauseMs] a longer pause ends the run; the next trigger begins another
 * @property {number} [budgetMs] after this nothing new is begun
 */

/**
 * `drained`: nothing is left to send; `waiting`: something waits for its time or for the link;
 * `stopped`: the budget was used up; `aborted`: by the signal; `busy`: another replay runs;
 * `nobody`: no user is signed in on this phone.
 * @typedef {"drained" | "needs-sign-in" | "stopped" | "waiting" | "aborted" | "busy" | "nobody"} Outcome
 */

const LONGEST_PAUSE_MS = 30_000;
const BUDGET_MS = 240_000;

/**
 * @param {Parts} parts
 * @returns {Promise<Outcome>} rejects only when the phone's own storage fails
 */
export function replay(parts) {
  const { locks, queueStore, clock, signal, wait = false } = parts;
  const run = async (/** @type {AbortSignal} */ lockSignal) => {
    const owner = await queueStore.activeUser();
    if (owner === null) return "nobody";
    await queueStore.recover();
    return new Run({ ...parts, signal: lockSignal }, owner).finished();
  };
  return withReplayLock({ locks, queueStore, clock, wait, signal, run });
}

class Run {
  #parts;
  #owner;
  #ahead;
  #settling;
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
  /** @type {{resolve: (outcome: Outcome) => void, reject: (error: unknown) => void} | null} */
  #promise = null;

  /**
   * @param {Parts} parts
   * @param {string} owner
   */
  constructor(parts, owner) {
    this.#parts = parts;
    this.#owner = owner;
    this.#ahead = new ReadAhead(parts.queueStore);
    this.#settling = new Settling(parts.queueStore, parts.clock);
  }

  /** @returns {Promise<Outcome>} */
  async finished() {
    const { queueStore, clock, signal } = this.#parts;
    this.#state = initialState(await queueStore.readPause(), clock.now());
    if (signal.aborted) return "aborted";
    return new Promise((resolve, reject) => {
      this.#promise = { resolve, reject };
      this.#attach();
      this.#track(this.#reload());
    });
  }

  #attach() {
    const { queueStore, clock, signal, budgetMs = BUDGET_MS } = this.#parts;
    const abort = () => this.#end("aborted");
    signal.addEventListener("abort", abort);
    this.#cleanups = [
      () => signal.removeEventListener("abort", abort),
      clock.after(budgetMs, () => this.#dispatch({ type: "stop" })),
      queueStore.listen((notice) => this.#onNotice(notice)),
      () => this.#cancelWake(),
    ];
  }

  /** @param {Notice} notice */
  #onNotice(notice) {
    if (notice.type === "hurry") this.#dispatch({ type: "hurry" });
    else if (notice.by === "page") this.#track(this.#reload());
  }

  async #reload() {
    const { queueStore, visible } = this.#parts;
    this.#visible = await visible();
    // After a sign-out or another user's sign-in this run sends nothing more.
    if ((await queueStore.activeUser()) !== this.#owner) return this.#end("aborted");
    this.#dispatch({ type: "loaded", rows: await queueStore.load(this.#owner) });
  }

  /** @param {ReplayEvent} event */
  #dispatch(event) {
    if (this.#over) return;
    const { clock, random } = this.#parts;
    const moment = { now: clock.now(), random: random(), visible: this.#visible };
    const { state, effects } = step(this.#state, { ...event, ...moment });
    this.#state = state;
    if (event.type !== "loaded") this.#checked = false;
    for (const effect of effects) this.#beginEffect(effect);
    if (hasOnlyReceiptsLeft(state)) this.#settling.flush();
  }

  /** @param {Effect} effect */
  #beginEffect(effect) {
    if (effect.type === "finish") this.#finish(effect.outcome);
    else if (effect.type === "wake") this.#sleep(effect.inMs);
    else this.#track(this.#runEffect(effect));
  }

  /** @param {RunnableEffect} effect */
  async #runEffect(effect) {
    const { queueStore, network, visible } = this.#parts;
    const own = { owner: this.#owner, ahead: this.#ahead, settling: this.#settling };
    const context = { queueStore, network, ...own, signal: this.#halt.signal };
    const event = await runEffect(context, effect);
    if (!event) return;
    // The next PUT does not wait for an answer that only a backoff needs.
    if (!gotThrough(event)) this.#visible = await visible();
    this.#dispatch(event);
  }

  /** @param {Outcome} outcome */
  #finish(outcome) {
    if (outcome !== "drained" || this.#checked) return this.#end(outcome);
    // A photo may have been approved since the last look, and its notice may have been missed.
    this.#checked = true;
    this.#track(this.#reload());
  }

  /** @param {number} ms */
  #sleep(ms) {
    const { clock, longestPauseMs = LONGEST_PAUSE_MS } = this.#parts;
    this.#cancelWake();
    if (ms > longestPauseMs) return this.#end("waiting");
    this.#cancelWake = clock.after(ms, () => this.#dispatch({ type: "tick" }));
  }

  /** @param {Outcome} outcome */
  #end(outcome) {
    this.#wrapUp(() => this.#promise?.resolve(outcome));
  }

  /**
   * What is being written must be written before the lock goes: the next holder reads it.
   * @param {() => void} answer
   */
  #wrapUp(answer) {
    if (this.#over) return;
    this.#over = true;
    this.#halt.abort();
    this.#settling.flush();
    for (const cleanup of this.#cleanups) cleanup();
    void Promise.allSettled(this.#underWay).then(answer);
  }

  /** @param {Promise<unknown>} work rejects only when the phone's own storage fails */
  #track(work) {
    this.#underWay.add(work);
    work.then(
      () => this.#underWay.delete(work),
      (error) => this.#wrapUp(() => this.#promise?.reject(error)),
    );
  }
}

/** @param {ReplayEvent} event @returns {boolean} no wait can follow from it */
function gotThrough(event) {
  if (event.type === "completed") return event.outcome.ok;
  if (event.type !== "put" || "refused" in event.outcome) return false;
  return event.outcome.status >= 200 && event.outcome.status < 300;
}
