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
 * @property {(current: any) => void} current the consultation, or null
 * @property {(up: boolean) => void} link
 * @property {(needed: boolean) => void} signIn
 */

export class ServerWatch {
  #request;
  #hearing;
  #inCamera;
  #met = false;
  /** @type {Promise<void>|null} */
  #asking = null;
  #timer = 0;

  /** @param {Request} request @param {Hearing} hearing @param {() => boolean} inCamera */
  constructor(request, hearing, inCamera) {
    this.#request = request;
    this.#hearing = hearing;
    this.#inCamera = inCamera;
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
    const pause = this.#inCamera() ? EVERY_IN_CAMERA : EVERY;
    if (!document.hidden) this.#timer = setTimeout(() => this.ask(), pause);
  }

  async #once() {
    if (this.#met) {
      const { data } = await this.#request("GET", "/api/consultations/current");
      // The token of this very request may have been the other person's.
      if (this.#met) return this.#hearing.current(data.consultation);
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
