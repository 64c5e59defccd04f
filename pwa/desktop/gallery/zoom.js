/** Zoom of one picture inside a pane that scrolls: buttons, keys + − 0, double click, drag to pan. */

const STEPS = [1, 1.5, 2, 3, 4];

export class Zoom {
  #pane;
  #image;
  #at = 0;
  #onChange;

  /** @param {HTMLElement} pane @param {HTMLImageElement} image @param {(at: number, last: number) => void} onChange */
  constructor(pane, image, onChange) {
    this.#pane = pane;
    this.#image = image;
    this.#onChange = onChange;
    pane.addEventListener("dblclick", () => this.to(this.#at ? 0 : 2));
    pane.addEventListener("pointermove", (event) => {
      if (event.buttons === 1 && this.isZoomed) pane.scrollBy(-event.movementX, -event.movementY);
    });
    image.draggable = false;
  }

  get isZoomed() {
    return this.#at > 0;
  }

  /** @param {"in" | "out" | "fit"} way */
  step(way) {
    this.to(way === "fit" ? 0 : this.#at + (way === "in" ? 1 : -1));
  }

  /** Keeps the middle of what is seen in the middle. @param {number} at */
  to(at) {
    const pane = this.#pane;
    const x = (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth;
    const y = (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight;
    this.#at = Math.min(Math.max(at, 0), STEPS.length - 1);
    const size = `${STEPS[this.#at] * 100}%`;
    this.#image.style.inlineSize = size;
    this.#image.style.blockSize = size;
    pane.classList.toggle("is-zoomed", this.isZoomed);
    pane.scrollTo(
      x * pane.scrollWidth - pane.clientWidth / 2,
      y * pane.scrollHeight - pane.clientHeight / 2,
    );
    this.#onChange(this.#at, STEPS.length - 1);
  }
}

/** @param {KeyboardEvent} press @returns {"in" | "out" | "fit" | undefined} */
export function zoomKey({ key, ctrlKey, metaKey }) {
  if (ctrlKey || metaKey) return undefined;
  const ways = /** @type {const} */ ({ "+": "in", "=": "in", "-": "out", 0: "fit" });
  return /** @type {Record<string, "in" | "out" | "fit">} */ (ways)[key];
}
