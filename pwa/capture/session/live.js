/**
 * Learns of the desktop's move at once, where there is a link: the phone listens to its user's channel
 * as the desktop does. A notification means to ask the server; without one the timer asks.
 */

/** @import { RealtimeConfig } from "../../shared/api-types.js" */
/** @typedef {import("../../page/signals/realtime.js").RealtimeParts} RealtimeParts */
/** @typedef {(parts: RealtimeParts) => {start: () => void, stop: () => void, retry: () => void}} Listen */
/** The library is fetched after the first answer: neither the camera nor the queue waits for it. @returns {Promise<Listen>} */
const load = async () => (await import("../../page/signals/realtime.js")).createRealtime;

export class Live {
  #fetchToken;
  #notify;
  #load;
  #key = "";
  /** @type {ReturnType<Listen>|null} */
  #link = null;

  /**
   * @param {() => Promise<{token: string}>} fetchToken
   * @param {() => unknown} notify
   * @param {() => Promise<Listen>} [loaded]
   */
  constructor(fetchToken, notify, loaded = load) {
    this.#fetchToken = fetchToken;
    this.#notify = notify;
    this.#load = loaded;
  }

  /** The server's answer about the user, whose channel this is. @param {RealtimeConfig|undefined} config */
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
    const [fetchToken, onSignal] = [this.#fetchToken, () => void this.#notify()];
    const nothing = () => {};
    this.#link = createRealtime({ config, fetchToken, onSignal, onStatus: nothing, log: nothing });
    this.#link.start();
  }

  /** The user is signed out. */
  stop() {
    this.#link?.stop();
    this.#link = null;
    this.#key = "";
  }
}
