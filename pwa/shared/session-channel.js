/**
 * Notifies every page and the worker of this browser, at once, of a sign-out or sign-in. Where the
 * browser has no channel, pages receive it by the storage event of an entry that is removed at once.
 */

/**
 * - `signed-out`: the user signed out, and nothing of theirs may stay on a screen;
 * - `signed-in`: this user signed in, in a new session; earlier tokens are invalid.
 * @typedef {{type: "signed-out"} | {type: "signed-in", user: string}} SessionChange
 */

const NAME = "clinicpro-session";

export class SessionChannel {
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {Set<(news: SessionChange) => unknown>} */
  #listeners = new Set();
  #browser;

  /** @param {any} [browser] */
  constructor(browser = globalThis) {
    this.#browser = browser;
    if (browser.BroadcastChannel) {
      this.#channel = new browser.BroadcastChannel(NAME);
      /** @type {BroadcastChannel} */ (this.#channel).onmessage = (event) =>
        this.#deliver(event.data);
    } else browser.addEventListener?.("storage", this.#onStorage);
  }

  /** A page does not receive its own message. @param {SessionChange} news */
  publish(news) {
    if (this.#channel) return this.#channel.postMessage(news);
    const { localStorage } = this.#browser;
    localStorage?.setItem(NAME, JSON.stringify(news));
    localStorage?.removeItem(NAME);
  }

  /** @param {(news: SessionChange) => unknown} listener @returns {() => void} stops */
  listen(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close() {
    this.#listeners.clear();
    this.#channel?.close();
    this.#browser.removeEventListener?.("storage", this.#onStorage);
  }

  #onStorage = (/** @type {{key: string | null, newValue: string | null}} */ { key, newValue }) => {
    if (key === NAME && newValue) this.#deliver(JSON.parse(newValue));
  };

  /** @param {SessionChange} news */
  #deliver(news) {
    if (news?.type !== "signed-out" && news?.type !== "signed-in") return;
    for (const listener of this.#listeners) listener(news);
  }
}
