/**
 * Decides when to fetch. Signals are notifications that may be lost, doubled or late, so what is on
 * the screen is fetched at once on any of them, at most once per 400 ms, and by itself when none come.
 */
import { realClock } from "../../shared/clock.js";

/** @import { Clock } from "../../shared/clock.js" */

/** @typedef {"live" | "reconnecting" | "polling"} LinkStatus */
/**
 * @typedef {object} RefetcherParts
 * @property {() => Promise<unknown>} fetchNow its failures are counted, never thrown
 * @property {Clock} [clock]
 * @property {() => number} [random] 0 up to 1
 */
/** @typedef {ReturnType<typeof createRefetcher>} Refetcher */

const GAP_MS = 400;
export const GRACE_MS = 3_000;
const POLL_MS = 5_000;
const HIDDEN_POLL_MS = 45_000;
const LONGEST_POLL_MS = 60_000;
const SAFETY_MS = 120_000;

/**
 * `request()` on every notification; `setStatus()` and `setVisible()` as they change. Nothing is
 * fetched before `start()` or after `stop()`.
 *
 * @param {RefetcherParts} parts
 */
export function createRefetcher({ fetchNow, clock = realClock, random = Math.random }) {
  return new PacedFetcher(fetchNow, clock, random);
}

class PacedFetcher {
  #fetchNow;
  #clock;
  #random;
  #started = false;
  #running = false;
  #dirty = false;
  #visible = true;
  #live = false;
  #failures = 0;
  #liveUntil = 0;
  #begunAt = -Infinity;
  #endedAt = -Infinity;
  #cancelWake = () => {};
  #dueAt = Infinity;

  /**
   * @param {() => Promise<unknown>} fetchNow
   * @param {Clock} clock
   * @param {() => number} random
   */
  constructor(fetchNow, clock, random) {
    this.#fetchNow = fetchNow;
    this.#clock = clock;
    this.#random = random;
  }

  /** Fetches at once, without waiting for any signal. */
  start() {
    if (this.#started) return;
    this.#started = true;
    this.#liveUntil = this.#clock.now();
    this.request();
  }

  stop() {
    this.#started = false;
    this.#cancel();
  }

  /** Something may have changed. */
  request() {
    if (!this.#started) return;
    if (this.#running) this.#dirty = true;
    else this.#wakeAt(this.#begunAt + GAP_MS);
  }

  /** @param {LinkStatus} status */
  setStatus(status) {
    const live = status === "live";
    if (this.#live && !live) this.#liveUntil = this.#clock.now();
    if (status === "polling")
      this.#liveUntil = Math.min(this.#liveUntil, this.#clock.now() - GRACE_MS);
    this.#live = live;
    this.#plan();
  }

  /** A page that comes into view is brought up to date. @param {boolean} visible */
  setVisible(visible) {
    this.#visible = visible;
    this.#plan();
    if (visible) this.request();
  }

  async #run() {
    this.#cancel();
    this.#running = true;
    this.#dirty = false;
    this.#begunAt = this.#clock.now();
    try {
      await this.#fetchNow();
      this.#failures = 0;
    } catch {
      this.#failures += 1;
    }
    this.#running = false;
    this.#endedAt = this.#clock.now();
    this.#plan();
    if (this.#dirty) this.request();
  }

  /** When to fetch if nothing else happens; an earlier request keeps its place. */
  #plan() {
    if (!this.#started || this.#running || this.#dueAt <= this.#begunAt + GAP_MS) return;
    this.#cancel();
    this.#wakeAt(this.#nextAt());
  }

  #nextAt() {
    if (this.#live && !this.#failures) return this.#endedAt + SAFETY_MS;
    const next = this.#endedAt + this.#pause();
    if (this.#live || this.#endedAt >= this.#liveUntil + GRACE_MS) return next;
    return this.#failures ? next : this.#liveUntil + GRACE_MS;
  }

  /** 5 s, in the background 30-60 s; longer after failures; never the same for two pages. */
  #pause() {
    const jitter = this.#visible ? 0.8 + 0.4 * this.#random() : 2 / 3 + (2 / 3) * this.#random();
    const base = this.#visible ? POLL_MS : HIDDEN_POLL_MS;
    return Math.min(LONGEST_POLL_MS, base * jitter * 2 ** Math.min(this.#failures, 6));
  }

  /** @param {number} at */
  #wakeAt(at) {
    if (at >= this.#dueAt) return;
    this.#cancel();
    this.#dueAt = at;
    const wait = Math.max(0, at - this.#clock.now());
    if (wait === 0) void this.#run();
    else this.#cancelWake = this.#clock.after(wait, () => void this.#run());
  }

  #cancel() {
    this.#cancelWake();
    this.#dueAt = Infinity;
  }
}

/**
 * Notifications from the browser itself: the page comes into view, the network is back, the page
 * returns from the back-forward cache.
 *
 * @param {Pick<Refetcher, "request" | "setVisible">} refetcher
 * @param {Window} [page]
 */
export function watchPage(refetcher, page = window) {
  const seen = () => refetcher.setVisible(page.document.visibilityState === "visible");
  seen();
  page.document.addEventListener("visibilitychange", seen);
  page.addEventListener("online", () => refetcher.request());
  page.addEventListener("pageshow", () => refetcher.request());
}
