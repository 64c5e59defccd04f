/** Where there is too little space the three columns become tabs (desktop.css decides); else all are side by side. */
import { find } from "../../page/dom.js";

export class Tabs {
  #tabs;
  #at;

  /** @param {HTMLElement} root the tab list @param {string} first tab id */
  constructor(root, first) {
    this.#tabs = [...root.querySelectorAll("button")];
    this.#at = first;
    root.addEventListener("click", (event) => {
      const tab = /** @type {Element} */ (event.target).closest("button");
      if (tab) this.show(tab.id);
    });
    root.addEventListener("keydown", (event) => this.#key(event));
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
      panel.classList.toggle("is-away", !isShown);
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
