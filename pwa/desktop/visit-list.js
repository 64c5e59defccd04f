/** The list "Consultations", by day: a click shows one and never changes where new photos go. */
import { asWritten } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { icon, make } from "./dom.js";
import { detailOf, dotted, labelOf } from "./identity.js";
import { dayTitle, when } from "./times.js";

/** @typedef {import("./shapes.js").Visit} Visit */

export class VisitList {
  #list;
  #desk;
  /** @type {Map<string, HTMLElement>} */
  #days = new Map();

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
    const now = new Date();
    const items = this.#desk.visits.flatMap((visit, at, visits) => {
      const row = rows.get(visit.id) ?? newRow(visit.id);
      this.#fill(row, visit, now);
      const day = dayFor(visit, now);
      const item = /** @type {HTMLElement} */ (row.parentElement);
      return at && dayFor(visits[at - 1], now) === day ? [item] : [this.#day(day), item];
    });
    const { children } = this.#list;
    const moved =
      items.length !== children.length || items.some((item, at) => children[at] !== item);
    if (moved) this.#list.replaceChildren(...items);
  }

  /** The heading of a day; kept, so that a list that is only redrawn stays as it is. @param {string} day */
  #day(day) {
    const known = this.#days.get(day);
    if (known) return known;
    const made = make("li", "visit-day", make("h3", "", day));
    this.#days.set(day, made);
    return made;
  }

  /** @param {HTMLButtonElement} row @param {Visit} visit @param {Date} now */
  #fill(row, visit, now) {
    if (visit.id === this.#desk.shownId) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    row.classList.toggle("is-quiet", visit.closedAt !== null);
    const label = make("span", "visit-label", labelOf(visit));
    const line = make("span", "visit-line", asWritten(label));
    if (visit.photoCount) line.append(count(visit.photoCount));
    row.replaceChildren(line, ...moreLines(visit, this.#desk.visits, now));
    if (visit === this.#desk.current) {
      row.append(make("span", "here", icon("lens"), words.here));
    }
  }
}

/** @param {string} id */
function newRow(id) {
  const row = make("button", "visit");
  row.type = "button";
  row.dataset.id = id;
  make("li", "", row);
  return row;
}

/** What is not of one day stands below all days. @param {Visit} visit @param {Date} now */
function dayFor(visit, now) {
  if (visit.kind === "unfiled") return words.noDay;
  return dayTitle(visit.openedAt, now, words.locale, words);
}

/** @param {number} n */
function count(n) {
  const number = make("span", "count", String(n));
  number.setAttribute("aria-label", words.photos(n));
  number.setAttribute("role", "img");
  return number;
}

/** @param {Visit} visit @param {Visit[]} visits @param {Date} now */
function moreLines(visit, visits, now) {
  const detail = dotted(detailOf(visit, visits, now));
  const lines = detail.length ? [make("span", "visit-more", ...detail)] : [];
  if (visit.closedAt) lines.push(closedMark(visit.closedAt, now));
  if (visit.unconfirmedCount) {
    const asked = words.toCheck(visit.unconfirmedCount);
    lines.push(make("span", "warned", icon("alert"), make("span", "", asked)));
  }
  return lines;
}

/** @param {string} iso @param {Date} now */
function closedMark(iso, now) {
  const at = words.closedAt(when(iso, now, words.locale));
  return make("span", "closed-mark", icon("check"), make("span", "", at));
}
