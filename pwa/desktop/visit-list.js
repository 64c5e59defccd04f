/** The list "Consultations": a click shows one and never changes where new photos go. */
import { desktop as words } from "../page/words-desktop.js";
import { icon, make } from "./dom.js";
import { when } from "./times.js";

/** @typedef {import("./shapes.js").Visit} Visit */

export class VisitList {
  #list;
  #desk;

  /** @param {HTMLElement} list @param {import("./desk.js").Desk} desk @param {(id: string) => void} show */
  constructor(list, desk, show) {
    this.#list = list;
    this.#desk = desk;
    list.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("button");
      if (row?.dataset.id) show(row.dataset.id);
    });
    desk.addEventListener("change", () => this.#render());
  }

  /** Rows are changed in place, so that the focus stays where it is. */
  #render() {
    const rows = new Map([...this.#list.querySelectorAll("button")].map((b) => [b.dataset.id, b]));
    const items = this.#desk.visits.map((visit) => {
      const row = rows.get(visit.id) ?? newRow(visit.id);
      this.#fill(row, visit);
      return /** @type {Element} */ (row.parentElement);
    });
    const { children } = this.#list;
    const moved =
      items.length !== children.length || items.some((item, at) => children[at] !== item);
    if (moved) this.#list.replaceChildren(...items);
  }

  /** @param {HTMLButtonElement} row @param {Visit} visit */
  #fill(row, visit) {
    if (visit.id === this.#desk.shownId) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    row.classList.toggle("is-quiet", visit.closedAt !== null);
    const line = make("span", "visit-line", make("span", "visit-label", labelOf(visit)));
    if (visit.photoCount) line.append(count(visit.photoCount));
    row.replaceChildren(line, ...secondLine(visit));
    if (visit === this.#desk.current) {
      row.append(make("span", "here", icon("lens"), words.here));
    }
  }
}

/** @param {Visit} visit */
export function labelOf(visit) {
  return visit.kind === "unfiled" ? words.unfiled : visit.label;
}

/** @param {string} id */
function newRow(id) {
  const row = make("button", "visit");
  row.type = "button";
  row.dataset.id = id;
  make("li", "", row);
  return row;
}

/** @param {number} n */
function count(n) {
  const number = make("span", "count", String(n));
  number.setAttribute("aria-label", words.photos(n));
  number.setAttribute("role", "img");
  return number;
}

/** @param {Visit} visit */
function secondLine(visit) {
  if (visit.kind === "unfiled") return [];
  const opened = when(visit.openedAt, new Date(), words.locale);
  const parts = [visit.secondIdentifier, opened, visit.closedAt && words.closedMark];
  return [make("span", "visit-more", parts.filter(Boolean).join(" · "))];
}
