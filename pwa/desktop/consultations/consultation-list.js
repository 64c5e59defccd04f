/** The list "Consultations", by day: a click shows one and never changes where new photos go. */
import { asWritten } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { icon, make } from "../../page/dom.js";
import { detailOf, dotted, labelOf } from "./identity.js";
import { dayTitle, when } from "../times.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation */

export class ConsultationList {
  #list;
  #desk;
  /** @type {Map<string, HTMLElement>} */
  #days = new Map();

  /** @param {HTMLElement} list @param {import("../desk.js").Desk} desk @param {(id: string) => void} show */
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
    const items = this.#desk.consultations.flatMap((consultation, at, consultations) => {
      const row = rows.get(consultation.id) ?? newRow(consultation.id);
      this.#fill(row, consultation, now);
      const day = dayFor(consultation, now);
      const item = /** @type {HTMLElement} */ (row.parentElement);
      return at && dayFor(consultations[at - 1], now) === day ? [item] : [this.#day(day), item];
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
    const made = make("li", "consultation-day", make("h3", "", day));
    this.#days.set(day, made);
    return made;
  }

  /** @param {HTMLButtonElement} row @param {Consultation} consultation @param {Date} now */
  #fill(row, consultation, now) {
    if (consultation.id === this.#desk.shownId) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    row.classList.toggle("is-quiet", consultation.closedAt !== null);
    const label = make("span", "consultation-label", labelOf(consultation));
    const line = make("span", "consultation-line", asWritten(label));
    if (consultation.photoCount) line.append(count(consultation.photoCount));
    row.replaceChildren(line, ...moreLines(consultation, this.#desk.consultations, now));
    if (consultation === this.#desk.current) {
      row.append(make("span", "here", icon("lens"), words.here));
    }
  }
}

/** @param {string} id */
function newRow(id) {
  const row = make("button", "consultation");
  row.type = "button";
  row.dataset.id = id;
  make("li", "", row);
  return row;
}

/** What is not of one day stands below all days. @param {Consultation} consultation @param {Date} now */
function dayFor(consultation, now) {
  if (consultation.kind === "unfiled") return words.noDay;
  return dayTitle(consultation.openedAt, now, words.locale, words);
}

/** @param {number} n */
function count(n) {
  const number = make("span", "count", String(n));
  number.setAttribute("aria-label", words.photos(n));
  number.setAttribute("role", "img");
  return number;
}

/** @param {Consultation} consultation @param {Consultation[]} consultations @param {Date} now */
function moreLines(consultation, consultations, now) {
  const detail = dotted(detailOf(consultation, consultations, now));
  const lines = detail.length ? [make("span", "consultation-more", ...detail)] : [];
  if (consultation.closedAt) lines.push(closedMark(consultation.closedAt, now));
  if (consultation.unconfirmedCount) {
    const asked = words.toCheck(consultation.unconfirmedCount);
    lines.push(make("span", "warned", icon("alert"), make("span", "", asked)));
  }
  return lines;
}

/** @param {string} iso @param {Date} now */
function closedMark(iso, now) {
  const at = words.closedAt(when(iso, now, words.locale));
  return make("span", "closed-mark", icon("check"), make("span", "", at));
}
