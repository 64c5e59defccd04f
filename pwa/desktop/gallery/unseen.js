/** The pill that leads to photos which arrived out of sight; it leaves once one of them is seen. */
import { desktop as words } from "../../page/words/desktop.js";
import { find } from "../../page/dom.js";

const SEEN = 0.25; // of a tile

export class Unseen {
  #pill;
  /** @type {Set<HTMLElement>} */
  #items = new Set();
  #observer;

  /** @param {HTMLElement} pill @param {(items: HTMLElement[]) => void} lead in the order of the page */
  constructor(pill, lead) {
    this.#pill = pill;
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), {
      threshold: SEEN,
    });
    find(pill, "button", HTMLButtonElement).addEventListener("click", () => {
      const items = this.#inOrder();
      this.#clear();
      lead(items);
    });
  }

  /** @param {HTMLElement[]} items tiles that have just arrived */
  add(items) {
    for (const item of items) {
      this.#items.add(item);
      // Where it lies is answered before the next frame: what is in sight never raises the pill.
      this.#observer.observe(item);
    }
  }

  /** Forgets tiles that have left the page. */
  pruneDetached() {
    for (const item of this.#items) {
      if (item.isConnected) continue;
      this.#items.delete(item);
      this.#observer.unobserve(item);
    }
    if (!this.#pill.hidden) this.#draw();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #look(entries) {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#clear();
    else this.#draw();
  }

  #draw() {
    const [first] = this.#inOrder();
    this.#pill.hidden = !first;
    if (!first) return;
    const [text, arrow] = this.#pill.querySelectorAll("span");
    text.textContent = words.unseen(this.#items.size);
    arrow.textContent = topOf(first) < topOf(this.#pill.parentElement ?? first) ? "↑" : "↓";
  }

  #clear() {
    this.#observer.disconnect();
    this.#items.clear();
    this.#pill.hidden = true;
  }

  #inOrder() {
    const after = (/** @type {Node} */ a, /** @type {Node} */ b) =>
      a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1;
    return [...this.#items].sort(after);
  }
}

/** @param {Element} element */
const topOf = (element) => element.getBoundingClientRect().top;
