/** The head of the shown consultation: whose it is, and whether new photos go here. */
import { asWritten, fill } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { button, find, icon, make } from "./dom.js";
import { detailOf, dotted, labelOf, named } from "./identity.js";
import { when } from "./times.js";

/** @typedef {import("./shapes.js").Visit} Visit */
/** @typedef {{ choose(visit: Visit): void, close(visit: Visit): void, reopen(visit: Visit): void,
 *   correct(visit: Visit): void, discard(visit: Visit): void, show(id: string): void }} VisitActions */

export class VisitHead {
  #title;
  #more;
  #place;
  #correct;
  #desk;
  #actions;
  #drawn = "";

  /** @param {HTMLElement} root @param {import("./desk.js").Desk} desk @param {VisitActions} actions */
  constructor(root, desk, actions) {
    this.#title = asWritten(find(root, "h1", HTMLElement));
    this.#more = find(root, ".visit-title p", HTMLElement);
    this.#correct = find(root, ".visit-title button", HTMLButtonElement);
    this.#place = find(root, ".place", HTMLElement);
    this.#desk = desk;
    this.#actions = actions;
    this.#correct.addEventListener("click", () => desk.shown && actions.correct(desk.shown));
    desk.addEventListener("change", () => this.#render());
  }

  #render() {
    const { shown, current, photos, visits } = this.#desk;
    if (!shown) return;
    const count = photos?.length ?? shown.photoCount;
    this.#title.textContent = labelOf(shown);
    fill(this.#more, dotted([...detailOf(shown, visits), words.photos(count)]));
    this.#correct.hidden = shown.kind !== "visit";
    const isEmpty = shown.kind === "visit" && !count && !shown.notes;
    const drawn = JSON.stringify([
      shown.id,
      shown.closedAt,
      current && named(current, visits).textContent,
      isEmpty,
      new Date().toDateString(),
    ]);
    // Redrawing on every refetch would take the focus off a button.
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const discard = button(words.discard, () => this.#actions.discard(shown), "quiet");
    this.#place.replaceChildren(...this.#placeOf(shown, current), ...(isEmpty ? [discard] : []));
  }

  /** @param {Visit} shown @param {Visit | undefined} current */
  #placeOf(shown, current) {
    const acts = this.#actions;
    const close = button(words.closeVisit, () => acts.close(shown), "quiet");
    if (shown.closedAt) {
      const at = when(shown.closedAt, new Date(), words.locale);
      return [
        make("strong", "closed-mark", icon("check"), make("span", "", words.closed(at))),
        button(words.reopen, () => acts.reopen(shown)),
      ];
    }
    const here = make("strong", "here", icon("lens"), words.here);
    const place = shown === current ? [here] : elsewhere(current, this.#desk.visits, shown, acts);
    const note = make("span", "muted place-note", words.unfiledText);
    return [...place, shown.kind === "visit" ? close : note];
  }
}

/** @param {Visit | undefined} current @param {Visit[]} visits @param {Visit} shown @param {VisitActions} acts */
function elsewhere(current, visits, shown, acts) {
  const use = button(words.useThis, () => acts.choose(shown));
  if (!current) return [use];
  const show = button(words.showCurrent, () => acts.show(current.id), "quiet");
  const where = make("span", "", words.elsewhere, " ", named(current, visits));
  return [make("strong", "warned", icon("alert"), where), show, use];
}
