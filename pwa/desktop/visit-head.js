/** The head of the shown consultation: whose it is, and whether new photos go here. */
import { withNames } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { button, find, icon, make } from "./dom.js";
import { when } from "./times.js";
import { labelOf } from "./visit-list.js";

/** @typedef {import("./shapes.js").Visit} Visit */
/** @typedef {{ choose(visit: Visit): void, close(visit: Visit): void, reopen(visit: Visit): void,
 *   show(id: string): void }} VisitActions */

export class VisitHead {
  #title;
  #more;
  #place;
  #desk;
  #actions;
  #drawn = "";

  /** @param {HTMLElement} root @param {import("./desk.js").Desk} desk @param {VisitActions} actions */
  constructor(root, desk, actions) {
    this.#title = find(root, "h1", HTMLElement);
    this.#more = find(root, ".visit-title p", HTMLElement);
    this.#place = find(root, ".place", HTMLElement);
    this.#desk = desk;
    this.#actions = actions;
    desk.addEventListener("change", () => this.#render());
  }

  #render() {
    const { shown, current, photos } = this.#desk;
    if (!shown) return;
    this.#title.textContent = labelOf(shown);
    this.#more.textContent = summary(shown, photos?.length ?? shown.photoCount);
    const drawn = JSON.stringify([shown.id, shown.closedAt, current?.id]);
    // Redrawing on every refetch would take the focus off a button.
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#place.replaceChildren(...this.#placeOf(shown, current));
  }

  /** @param {Visit} shown @param {Visit | undefined} current */
  #placeOf(shown, current) {
    const acts = this.#actions;
    const close = button(words.closeVisit, () => acts.close(shown), "quiet");
    if (shown.closedAt) {
      const at = when(shown.closedAt, new Date(), words.locale);
      return [
        make("span", "muted", words.closed(at)),
        button(words.reopen, () => acts.reopen(shown)),
      ];
    }
    const here = make("strong", "here", icon("lens"), words.here);
    const place = shown === current ? [here] : elsewhere(shown, current, acts);
    const note = make("span", "muted place-note", words.unfiledText);
    return [...place, shown.kind === "visit" ? close : note];
  }
}

/** @param {Visit} shown @param {Visit | undefined} current @param {VisitActions} acts */
function elsewhere(shown, current, acts) {
  const use = button(words.useThis, () => acts.choose(shown));
  if (!current) return [use];
  const show = button(words.showCurrent, () => acts.show(current.id), "quiet");
  return [where(current), show, use];
}

/** @param {Visit} current */
function where(current) {
  const said = make("span", "", ...withNames(words.elsewhere, labelOf(current)));
  return make("strong", "warned", icon("alert"), said);
}

/** @param {Visit} visit @param {number} count */
function summary(visit, count) {
  const opened = words.opened(when(visit.openedAt, new Date(), words.locale));
  const parts = [visit.secondIdentifier, visit.kind === "visit" && opened, words.photos(count)];
  return parts.filter(Boolean).join(" · ");
}
