/**
 * Asks our own server, while the page is visible, who is signed in and which consultation is current:
 * every 15 s, and every 5 s while the camera is open, since the next shutter depends on it. Its
 * answers are also the probe of the link: nothing else is believed about being online.
 */

/** @typedef {(method: string, path: string) => Promise<{data: any}>} Request */

const EVERY = 15_000; // ms
const EVERY_IN_CAMERA = 5_000;
const PERSON = new Set(["unauthenticated", "session-pending", "password-change-required"]);

const AGAIN = 1_000; // ms between two hints that are followed: each stored photo sends one

/** @import { Moment } from "./consultation-guard.js" */

/**
 * @typedef {object} Hearing each with the moment of the question: an answer is as old as that
 * @property {(me: any, asked: Moment, word: Answer|null) => void} me with the word about the phone's own
 *   consultation, where it has one already
 * @property {(answer: Answer, asked: Moment) => void} current
 * @property {(up: boolean) => void} link
 * @property {(needed: boolean) => void} signIn
 */
/**
 * @typedef {object} Answer
 * @property {any} consultation the current one, or null
 * @property {string|null} closed the id of the phone's own consultation, if that was closed
 * @property {any[]} [moves] where the desktop went since the phone's own one was current, oldest first
 * @property {string} [serverTime] RFC 3339
 */

export class ServerWatch {
  #request;
  #hearing;
  #camera;
  #now;
  #met = false;
  /** @type {Promise<boolean>|null} */
  #asking = null;
  /** @type {Promise<boolean>|null} */
  #next = null;
  #timer = 0;
  #hint = 0;
  #hinted = -Infinity;

  /**
   * @param {Request} request
   * @param {Hearing} hearing
   * @param {() => {open: boolean, place: string|null}} camera whether it is open, and the id of the
   *   consultation for the next photo, chosen or shot
   * @param {() => number} [now] ms since 1970, corrected by the answers
   */
  constructor(request, hearing, camera, now = Date.now) {
    this.#now = now;
    this.#request = request;
    this.#hearing = hearing;
    this.#camera = camera;
  }

  start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.ask());
    for (const event of ["online", "offline", "pageshow"])
      addEventListener(event, () => void this.ask());
    return this.ask();
  }

  /** Somebody else may have signed in, in another tab: what was learnt about the last one is void. */
  meetAnew() {
    this.#met = false;
    return this.ask();
  }

  /** Asks now; calls during an answer share it. @returns {Promise<boolean>} whether the server answered */
  ask() {
    this.#asking ??= this.#round().finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** A question that is not older than this call: what is on its way may have been answered before. */
  askAnew() {
    if (!this.#asking) return this.ask();
    this.#next ??= this.#asking.then(() => ((this.#next = null), this.ask()));
    return this.#next;
  }

  /** Something may have changed. What comes in a crowd is asked about once. */
  hint() {
    clearTimeout(this.#hint);
    const wait = Math.max(0, this.#hinted + AGAIN - performance.now());
    const follow = () => {
      this.#hinted = performance.now();
      if (!document.hidden) void this.askAnew();
    };
    if (wait) this.#hint = /** @type {any} */ (setTimeout(follow, wait));
    else follow();
  }

  async #round() {
    clearTimeout(this.#timer);
    const answered = await this.#once().then(
      () => true,
      (error) => this.#trouble(error),
    );
    if (answered) {
      this.#hearing.link(true);
      this.#hearing.signIn(false);
    }
    const pause = this.#camera().open ? EVERY_IN_CAMERA : EVERY;
    if (!document.hidden) this.#timer = /** @type {any} */ (setTimeout(() => this.ask(), pause));
    return answered;
  }

  async #once() {
    const still = performance.now();
    // The answer may have corrected the clock: when it was asked is told backwards from now.
    const asked = () => ({ wall: this.#now() - (performance.now() - still), still });
    const { place } = this.#camera();
    if (this.#met) {
      const word = await this.#current(place);
      // The token of this very request may have been the other person's.
      if (this.#met) return this.#hearing.current(word, asked());
    }
    const { data } = await this.#request("GET", "/api/me");
    // A page that was loaded anew may have missed more than one move.
    const word = place ? await this.#current(place) : null;
    this.#met = true;
    return this.#hearing.me(data, asked(), word);
  }

  /** @param {string|null} place @returns {Promise<Answer>} */
  async #current(place) {
    const query = place ? `?camera=${place}` : "";
    const { data } = await this.#request("GET", `/api/consultations/current${query}`);
    const { consultation, serverTime, moves } = data;
    return { consultation, closed: data.closed ? place : null, serverTime, moves };
  }

  /** @param {{name?: string, code?: string, status?: number}} error */
  #trouble({ name = "", code = "", status }) {
    const signedOut = name === "SignedOut" || PERSON.has(code);
    this.#hearing.link(signedOut || !!status);
    if (!signedOut) return false;
    // Whoever signs in next may be somebody else.
    this.#met = false;
    this.#hearing.signIn(true);
    return false;
  }
}
