/**
 * Hears of the desktop's move at once, where there is a link: the phone listens to its user's channel
 * as the desktop does. What comes is a hint to ask the server; without it the timer asks.
 */

/** @typedef {import("../page/realtime.js").RealtimeConfig} RealtimeConfig */
/** @typedef {import("../page/realtime.js").RealtimeParts} RealtimeParts */
/** @typedef {(parts: RealtimeParts) => {start: () => void, stop: () => void, retry: () => void}} Listen */
/** The library is fetched after the first answer: neither the camera nor the queue waits for it. @returns {Promise<Listen>} */
const load = async () => (await import("../page/realtime.js")).createRealtime;

export class Live {
  #fetchToken;
  #hint;
  #load;
  #key = "";
  /** @type {ReturnType<Listen>|null} */
  #link = null;

  /**
   * @param {() => Promise<{token: string}>} fetchToken
   * @param {() => unknown} hint
   * @param {() => Promise<Listen>} [loaded]
   */
  constructor(fetchToken, hint, loaded = load) {
    this.#fetchToken = fetchToken;
    this.#hint = hint;
    this.#load = loaded;
  }

  /** The server's answer about the person: theirs is the channel. @param {RealtimeConfig|undefined} config */
  async listen(config) {
    if (!config) return;
    const key = JSON.stringify(config);
    if (key === this.#key) return this.#link?.retry();
    this.stop();
    this.#key = key;
    // Offline it may not be there yet: the next answer tries again.
    const createRealtime = await this.#load().catch(() => null);
    if (this.#key !== key) return;
    if (!createRealtime) return this.stop();
    const [fetchToken, onSignal] = [this.#fetchToken, () => void this.#hint()];
    const nothing = () => {};
    this.#link = createRealtime({ config, fetchToken, onSignal, onStatus: nothing, log: nothing });
    this.#link.start();
  }

  /** Nobody is signed in any more. */
  stop() {
    this.#link?.stop();
    this.#link = null;
    this.#key = "";
  }
}
