/**
 * The time by the server's clock. A phone's own clock is a claim: it may stand at 1970, at 2099, or jump
 * while the page is open. Every answer of the server says what time it is; in between a clock that only
 * runs forward distinguishes a jump from time that passed.
 */

import { createApi } from "./http.js";

/** What lies below says nothing: the header has whole seconds, and a busy server renews it late. */
const NOISE_MS = 5000;
/** The clock was set, where it went on by so much more or less than the steady one. */
const JUMP_MS = 2000;
/** A difference that users are warned of. */
const WRONG_MS = 2 * 60_000;

export class ServerClock {
  #wall;
  #steady;
  #offset = 0;
  #known = false;
  #before;

  /** @param {{wall?: () => number, steady?: () => number}} [clocks] ms since 1970, and ms that only grow */
  constructor({ wall = () => Date.now(), steady = () => performance.now() } = {}) {
    this.#wall = wall;
    this.#steady = steady;
    this.#before = { wall: wall(), steady: steady() };
  }

  /** Ms since 1970, corrected. */
  now() {
    this.#detectJump();
    return this.#wall() + this.#offset;
  }

  /** Server's time less the phone's, in ms. */
  get offset() {
    this.#detectJump();
    return this.#offset;
  }

  /** Whether the server has answered since the page was opened. */
  get known() {
    return this.#known;
  }

  /** By how much the phone's clock is wrong, where that matters; 0 otherwise. */
  get wrongBy() {
    return Math.abs(this.offset) < WRONG_MS ? 0 : this.#offset;
  }

  /** What was known when the page was closed. @param {number} offset */
  restoreOffset(offset) {
    if (!this.#known) this.#offset = offset;
  }

  /**
   * An answer came. Returns whether the offset is new.
   * @param {number} serverMs the answer's own time
   * @param {number} [took] ms from the question to the answer
   */
  recordAnswer(serverMs, took = 0) {
    if (!Number.isFinite(serverMs)) return false;
    const noise = NOISE_MS + took;
    const measured = serverMs + 500 - this.#wall() + took / 2;
    const offset = Math.abs(measured) <= noise ? 0 : Math.round(measured);
    const learnt = !this.#known || Math.abs(offset - this.offset) > noise;
    if (learnt) this.#offset = offset;
    this.#known = true;
    return learnt;
  }

  /** The page was out of sight: a phone that sleeps stops the steady clock, so that the other is right. */
  resetAfterSleep() {
    this.#before = { wall: this.#wall(), steady: this.#steady() };
  }

  #detectJump() {
    const { wall, steady } = { wall: this.#wall(), steady: this.#steady() };
    const jump = wall - this.#before.wall - (steady - this.#before.steady);
    if (Math.abs(jump) > JUMP_MS) this.#offset -= jump;
    this.#before = { wall, steady };
  }
}

/**
 * Asks the server for the time, where a photo was taken before that was known.
 * @param {typeof globalThis.fetch} fetch
 * @param {{signal?: AbortSignal, timeoutMs?: number}} limits
 * @returns {Promise<number | null>} the offset; null without an answer of ours
 */
export async function fetchOffset(fetch, limits) {
  const clock = new ServerClock();
  const api = createApi({ fetch, onTime: (server, took) => clock.recordAnswer(server, took) });
  await api.request("GET", "/health/live", undefined, limits).catch(() => null);
  return clock.known ? clock.offset : null;
}
