/** Under 900 px the three columns become tabs; above, they are plain landmarks side by side. */
import { find } from "./dom.js";

export class Tabs {
  #tabs;
  #narrow;
  #at;

  /** @param {HTMLElement} root the tab list @param {MediaQueryList} narrow @param {string} first tab id */
  constructor(root, narrow, first) {
    this.#tabs = [...root.querySelectorAll("button")];
    this.#narrow = narrow;
    this.#at = first;
    root.addEventListener("click", (event) => this.show(/** @type {Element} */ (event.target).id));
    root.addEventListener("keydown", (event) => this.#key(event));
    narrow.addEventListener("change", () => this.#render());
    this.#render();
  }

  /** @param {string} id */
  show(id) {
    if (!this.#tabs.some((tab) => tab.id === id)) return;
    this.#at = id;
    this.#render();
  }

  #render() {
    for (const tab of this.#tabs) {
      const isShown = tab.id === this.#at;
      const panel = find(document, `#${tab.getAttribute("aria-controls")}`, HTMLElement);
      tab.ariaSelected = String(isShown);
      tab.tabIndex = isShown ? 0 : -1;
      panel.classList.toggle("is-away", this.#narrow.matches && !isShown);
    }
  }

  /** @param {KeyboardEvent} event */
  #key({ key }) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!move) return;
    const { length } = this.#tabs;
    const at = this.#tabs.findIndex((tab) => tab.id === this.#at);
    const next = this.#tabs[(at + move + length) % length];
    this.show(next.id);
    next.focus();
  }
}
