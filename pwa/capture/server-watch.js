/**
 * Asks our own server, while the page is visible, who is signed in and which consultation is current:
 * every 15 s, and every 5 s while the camera is open, since the next shutter depends on it. Its
 * answers are also the probe of the link: nothing else is believed about being online.
 */

/** @typedef {(method: string, path: string) => Promise<{data: any}>} Request */

const EVERY = 15_000; // ms
const EVERY_IN_CAMERA = 5_000;
const PERSON = new Set(["unauthenticated", "session-pending"]);

/**
 * @typedef {object} Hearing
 * @property {(me: any) => void} me
 * @property {(current: any, closed: string|null) => void} current the consultation, or null; the id of
 *   the camera's own if that was closed
 * @property {(up: boolean) => void} link
 * @property {(needed: boolean) => void} signIn
 */

export class ServerWatch {
  #request;
  #hearing;
  #camera;
  #met = false;
  /** @type {Promise<void>|null} */
  #asking = null;
  #timer = 0;

  /**
   * @param {Request} request
   * @param {Hearing} hearing
   * @param {() => {open: boolean, place: string|null}} camera whether it is open, and the id of the
   *   consultation for the next photo, chosen or shot
   */
  constructor(request, hearing, camera) {
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

  /** Asks now; calls during an answer share it. */
  ask() {
    this.#asking ??= this.#round().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #round() {
    clearTimeout(this.#timer);
    try {
      await this.#once();
      this.#hearing.link(true);
      this.#hearing.signIn(false);
    } catch (error) {
      this.#trouble(/** @type {any} */ (error));
    }
    const pause = this.#camera().open ? EVERY_IN_CAMERA : EVERY;
    if (!document.hidden) this.#timer = setTimeout(() => this.ask(), pause);
  }

  async #once() {
    if (this.#met) {
      const { place } = this.#camera();
      const query = place ? `?camera=${place}` : "";
      const { data } = await this.#request("GET", `/api/consultations/current${query}`);
      // The token of this very request may have been the other person's.
      if (this.#met) return this.#hearing.current(data.consultation, data.closed ? place : null);
    }
    const { data } = await this.#request("GET", "/api/me");
    this.#met = true;
    this.#hearing.me(data);
  }

  /** @param {{name?: string, code?: string, status?: number}} error */
  #trouble({ name = "", code = "", status }) {
    const signedOut = name === "SignedOut" || PERSON.has(code);
    this.#hearing.link(signedOut || !!status);
    if (!signedOut) return;
    // Whoever signs in next may be somebody else.
    this.#met = false;
    this.#hearing.signIn(true);
  }
}
