/**
 * The phone's own Back leaves the camera or the review, as the close button does, and not the app:
 * while one of them is open there is one entry in the history for it.
 */

/** @typedef {Pick<History, "pushState"|"back"|"state">} Entries */

const ENTRY = { screen: "inside" };

export class BackButton {
  #history;
  #leave;
  #inside = false;

  /**
   * @param {() => unknown} leave to the first screen
   * @param {Entries} entries
   * @param {Pick<EventTarget, "addEventListener">} page
   */
  constructor(leave, entries, page) {
    this.#history = entries;
    this.#leave = leave;
    page.addEventListener("popstate", () => this.#popped());
  }

  /** @param {boolean} inside whether the camera or the review is open */
  draw(inside) {
    if (inside === this.#inside) return;
    this.#inside = inside;
    const entered = this.#history.state?.screen === ENTRY.screen;
    // A reload of an open camera comes back to the first screen, on its entry.
    if (inside && !entered) this.#history.pushState(ENTRY, "");
    if (!inside && entered) this.#history.back();
  }

  #popped() {
    if (!this.#inside || this.#history.state?.screen === ENTRY.screen) return;
    this.#inside = false;
    this.#leave();
  }
}
