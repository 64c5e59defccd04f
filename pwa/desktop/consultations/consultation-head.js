/** The head of the shown consultation: whose it is, and whether new photos go here. */
import { asWritten, fill } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { button, find, icon, make } from "../../page/dom.js";
import { detailOf, dotted, labelOf, named } from "./identity.js";
import { when } from "../times.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation */
/** @typedef {{ choose(consultation: Consultation): void, close(consultation: Consultation): void, reopen(consultation: Consultation): void,
 *   correct(consultation: Consultation): void, discard(consultation: Consultation): void, show(id: string): void }} ConsultationActions */

export class ConsultationHead {
  #title;
  #more;
  #place;
  #correct;
  #desk;
  #actions;
  #drawn = "";

  /** @param {HTMLElement} root @param {import("../desk.js").Desk} desk @param {ConsultationActions} actions */
  constructor(root, desk, actions) {
    this.#title = asWritten(find(root, "h1", HTMLElement));
    this.#more = find(root, ".consultation-title p", HTMLElement);
    this.#correct = find(root, ".consultation-title button", HTMLButtonElement);
    this.#place = find(root, ".place", HTMLElement);
    this.#desk = desk;
    this.#actions = actions;
    this.#correct.addEventListener("click", () => desk.shown && actions.correct(desk.shown));
    desk.addEventListener("change", () => this.#render());
  }

  #render() {
    const { shown, photos, consultations } = this.#desk;
    if (!shown) return;
    const count = photos?.length ?? shown.photoCount;
    this.#title.textContent = labelOf(shown);
    fill(this.#more, dotted([...detailOf(shown, consultations), words.photos(count)]));
    this.#correct.hidden = shown.kind !== "visit";
    const isEmpty = shown.kind === "visit" && !count && !shown.notes;
    this.#drawPlace(shown, isEmpty);
  }

  /** @param {Consultation} shown @param {boolean} isEmpty */
  #drawPlace(shown, isEmpty) {
    const { current, consultations } = this.#desk;
    const drawn = JSON.stringify([
      shown.id,
      shown.closedAt,
      current && named(current, consultations).textContent,
      isEmpty,
      new Date().toDateString(),
    ]);
    // Redrawing on every refetch would take the focus off a button.
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const discard = button(words.discard, () => this.#actions.discard(shown), "quiet");
    this.#place.replaceChildren(...this.#placeOf(shown, current), ...(isEmpty ? [discard] : []));
  }

  /** @param {Consultation} shown @param {Consultation | undefined} current */
  #placeOf(shown, current) {
    const acts = this.#actions;
    const close = button(words.closeConsultation, () => acts.close(shown), "quiet");
    if (shown.closedAt) {
      const at = when(shown.closedAt, new Date(), words.locale);
      return [
        make("strong", "closed-mark", icon("check"), make("span", "", words.closed(at))),
        button(words.reopen, () => acts.reopen(shown)),
      ];
    }
    const here = make("strong", "here", icon("lens"), words.here);
    const place =
      shown === current ? [here] : elsewhere(current, this.#desk.consultations, shown, acts);
    const note = make("span", "muted place-note", words.unfiledText);
    return [...place, shown.kind === "visit" ? close : note];
  }
}

/** @param {Consultation | undefined} current @param {Consultation[]} consultations @param {Consultation} shown @param {ConsultationActions} acts */
function elsewhere(current, consultations, shown, acts) {
  const use = button(words.useThis, () => acts.choose(shown));
  if (!current) return [use];
  const show = button(words.showCurrent, () => acts.show(current.id), "quiet");
  const where = make("span", "", words.elsewhere, " ", named(current, consultations));
  return [make("strong", "warned", icon("alert"), where), show, use];
}
