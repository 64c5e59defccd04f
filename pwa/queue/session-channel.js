/**
 * Tells every page and the worker of this browser, at once, that somebody signed out or in. Where the
 * browser has no channel, pages hear it by the storage event of an entry that is gone again at once.
 */

/**
 * - `signed-out`: nobody is signed in any more, and nothing of the last person may stay on a screen;
 * - `signed-in`: this user is, in a session of their own; earlier tokens are worth nothing.
 * @typedef {{type: "signed-out"} | {type: "signed-in", user: string}} SessionNews
 */

const NAME = "clinicpro-session";

export class SessionChannel {
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {Set<(news: SessionNews) => unknown>} */
  #listeners = new Set();
  #browser;

  /** @param {any} [browser] */
  constructor(browser = globalThis) {
    this.#browser = browser;
    if (browser.BroadcastChannel) {
      this.#channel = new browser.BroadcastChannel(NAME);
      /** @type {BroadcastChannel} */ (this.#channel).onmessage = (event) => this.#hear(event.data);
    } else browser.addEventListener?.("storage", this.#read);
  }

  /** A page does not hear itself. @param {SessionNews} news */
  tell(news) {
    if (this.#channel) return this.#channel.postMessage(news);
    const { localStorage } = this.#browser;
    localStorage?.setItem(NAME, JSON.stringify(news));
    localStorage?.removeItem(NAME);
  }

  /** @param {(news: SessionNews) => unknown} listener @returns {() => void} stops */
  listen(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close() {
    this.#listeners.clear();
    this.#channel?.close();
    this.#browser.removeEventListener?.("storage", this.#read);
  }

  #read = (/** @type {{key: string | null, newValue: string | null}} */ { key, newValue }) => {
    if (key === NAME && newValue) this.#hear(JSON.parse(newValue));
  };

  /** @param {SessionNews} news */
  #hear(news) {
    if (news?.type !== "signed-out" && news?.type !== "signed-in") return;
    for (const listener of this.#listeners) listener(news);
  }
}
