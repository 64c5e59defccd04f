/** What stands in place of photos: the next step, with the QR as its hero where a phone is the next step. */
import { desktop as words } from "../../page/words/desktop.js";
import { find, make } from "../../page/dom.js";

/** @typedef {import("../desk.js").Desk} Desk @typedef {import("../../shared/api-types.js").Consultation} Consultation */

/**
 * @param {Pick<Desk, "shown" | "current" | "photos" | "consultations">} desk
 * @returns {"First" | "Consultation" | "Other" | "Closed" | "Unfiled" | null}
 */
export function emptyKind({ shown, current, photos, consultations }) {
  if (!shown || photos?.length !== 0) return null;
  return consultations.length === 1 ? "First" : kindOf(shown, current);
}

/** @param {Consultation} shown @param {Consultation | undefined} current */
function kindOf(shown, current) {
  if (shown.kind === "unfiled") return "Unfiled";
  if (shown.closedAt) return "Closed";
  return shown.id === current?.id ? "Consultation" : "Other";
}

export class EmptyState {
  #root;
  #desk;
  #qr = find(document, "#qr", HTMLElement);
  #home = find(document, "#qr-place", HTMLElement);
  #hero = find(document, "#hero", HTMLElement);

  /** @param {HTMLElement} root @param {Desk} desk @param {() => void} start */
  constructor(root, desk, start) {
    this.#root = root;
    this.#desk = desk;
    find(root, "button", HTMLElement).addEventListener("click", start);
    desk.addEventListener("change", () => this.#render());
  }

  #render() {
    const kind = emptyKind(this.#desk);
    const isPhoneNext = kind === "First" || kind === "Consultation";
    const place = isPhoneNext ? this.#hero : this.#home;
    if (this.#qr.parentElement !== place) place.append(this.#qr);
    this.#root.hidden = !kind;
    if (!kind || this.#root.dataset.kind === kind) return;
    this.#root.dataset.kind = kind;
    find(this.#root, "h2", HTMLElement).textContent = words[`empty${kind}`];
    const steps = words[`steps${kind}`].map((step) => make("li", "", step));
    find(this.#root, "ol", HTMLElement).replaceChildren(...steps);
    find(this.#root, "button", HTMLElement).hidden = kind !== "First";
  }
}
