/**
 * Asks our own server, while the page is visible, for the user and the current consultation:
 * every 15 s, and every 5 s while the camera is open, since the next shutter depends on it. Its
 * answers are also the probe of the link: no other sign of being online is trusted.
 */

const EVERY = 15_000; // ms
const EVERY_IN_CAMERA = 5_000;
const SIGN_IN_CODES = new Set(["unauthenticated", "session-pending", "password-change-required"]);

const AGAIN = 1_000; // ms between two notifications that are followed: each stored photo sends one

/** @import { Api, ApiAnswer } from "../../shared/http.js" */
/** @import { Consultation, CurrentConsultation, Me, ServerMove } from "../../shared/api-types.js" */
/** @import { Moment } from "../consultation/consultation-guard.js" */

/**
 * @typedef {object} ServerHandlers each with the moment of the question: an answer is as old as that
 * @property {(me: Me, asked: Moment, answer: Answer|null) => void} me with the answer about the phone's own
 *   consultation, where it has one already
 * @property {(answer: Answer, asked: Moment) => void} current
 * @property {(up: boolean) => void} link
 * @property {(needed: boolean) => void} signIn
 */
/**
 * @typedef {object} Answer
 * @property {Consultation|null} consultation the current one
 * @property {string|null} closed the id of the phone's own consultation, if that was closed
 * @property {ServerMove[]} [moves] where the desktop went since the phone's own one was current, oldest first
 * @property {string} [serverTime] RFC 3339
 */

export class ServerWatch {
  #request;
  #handlers;
  #camera;
  #now;
  #userKnown = false;
  /** @type {Promise<boolean>|null} */
  #asking = null;
  /** @type {Promise<boolean>|null} */
  #next = null;
  #timer = 0;
  #pending = 0;
  #followedAt = -Infinity;

  /**
   * @param {Api["request"]} request
   * @param {ServerHandlers} handlers
   * @param {() => {open: boolean, place: string|null}} camera whether it is open, and the id of the
   *   consultation for the next photo, chosen or shot
   * @param {() => number} [now] ms since 1970, corrected by the answers
   */
  constructor(request, handlers, camera, now = Date.now) {
    this.#now = now;
    this.#request = request;
    this.#handlers = handlers;
    this.#camera = camera;
  }

  start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.ask());
    for (const event of ["online", "offline", "pageshow"])
      addEventListener(event, () => void this.ask());
    return this.ask();
  }

  /** Another user may have signed in, in another tab: what is known about the last one is void. */
  askUserAgain() {
    this.#userKnown = false;
    return this.ask();
  }

  /** Asks now; calls during an answer share it. @returns {Promise<boolean>} whether the server answered */
  ask() {
    this.#asking ??= this.#round().finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** A question that is not older than this call: what is on its way may have been answered before. */
  askAgain() {
    if (!this.#asking) return this.ask();
    this.#next ??= this.#asking.then(() => ((this.#next = null), this.ask()));
    return this.#next;
  }

  /** Something may have changed. Many notifications at once lead to one question. */
  onNotification() {
    clearTimeout(this.#pending);
    const wait = Math.max(0, this.#followedAt + AGAIN - performance.now());
    const follow = () => {
      this.#followedAt = performance.now();
      if (!document.hidden) void this.askAgain();
    };
    if (wait) this.#pending = /** @type {any} */ (setTimeout(follow, wait));
    else follow();
  }

  async #round() {
    clearTimeout(this.#timer);
    const answered = await this.#once().then(
      () => true,
      (error) => this.#trouble(error),
    );
    if (answered) {
      this.#handlers.link(true);
      this.#handlers.signIn(false);
    }
    const pause = this.#camera().open ? EVERY_IN_CAMERA : EVERY;
    if (!document.hidden) this.#timer = /** @type {any} */ (setTimeout(() => this.ask(), pause));
    return answered;
  }

  async #once() {
    const still = performance.now();
    // The answer may have corrected the clock: when it was asked is counted back from now.
    const asked = () => ({ wall: this.#now() - (performance.now() - still), still });
    const { place } = this.#camera();
    if (this.#userKnown) {
      const answer = await this.#current(place);
      // The token of this very request may have been the other user's.
      if (this.#userKnown) return this.#handlers.current(answer, asked());
    }
    /** @type {ApiAnswer<Me>} */
    const { data } = await this.#request("GET", "/api/me");
    // A reloaded page may have missed more than one move.
    const answer = place ? await this.#current(place) : null;
    this.#userKnown = true;
    return this.#handlers.me(data, asked(), answer);
  }

  /** @param {string|null} place @returns {Promise<Answer>} */
  async #current(place) {
    const query = place ? `?camera=${place}` : "";
    /** @type {ApiAnswer<CurrentConsultation>} */
    const { data } = await this.#request("GET", `/api/consultations/current${query}`);
    const { consultation, serverTime, moves } = data;
    return { consultation, closed: data.closed ? place : null, serverTime, moves };
  }

  /** @param {{name?: string, code?: string, status?: number}} error */
  #trouble({ name = "", code = "", status }) {
    const signedOut = name === "SignedOut" || SIGN_IN_CODES.has(code);
    this.#handlers.link(signedOut || !!status);
    if (!signedOut) return false;
    // The next sign-in may be another user's.
    this.#userKnown = false;
    this.#handlers.signIn(true);
    return false;
  }
}
