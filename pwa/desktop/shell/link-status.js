/** The label that says how new photos get here: "Live", "Reconnecting" or "Polling". */
import { desktop as words } from "../../page/words/desktop.js";

/** @typedef {import("../../page/signals/refetch.js").LinkStatus} Link */

export class LinkStatus {
  #element;
  /** @type {Link} */
  #signals = "reconnecting";
  #failures = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** How signals get here. @param {Link} link */
  signals(link) {
    this.#signals = link;
    this.#show();
  }

  /** How the last fetch went. @param {boolean} isReached @returns {number} failures in a row */
  fetched(isReached) {
    this.#failures = isReached ? 0 : this.#failures + 1;
    this.#show();
    return this.#failures;
  }

  /** Nothing is live or polled while the server does not answer. */
  #show() {
    const link = this.#failures ? "reconnecting" : this.#signals;
    if (this.#element.dataset.link === link) return;
    this.#element.dataset.link = link;
    this.#element.textContent = words[link];
    this.#element.title = words.linkHints[link];
  }
}
