/**
 * One line for each consultation that is not shown and has photos in question: a late photo of a phone
 * that was offline is noticed, whatever the desktop shows by then.
 */
import { withNames } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { button, icon, make } from "../../page/dom.js";
import { nameOf } from "./identity.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation */

const MOST = 3;

export class PlaceWatch {
  #root;
  #desk;
  #show;
  #drawn = "";

  /** @param {HTMLElement} root @param {import("../desk.js").Desk} desk @param {(id: string) => void} show */
  constructor(root, desk, show) {
    this.#root = root;
    this.#desk = desk;
    this.#show = show;
    desk.addEventListener("change", () => this.#render());
  }

  #render() {
    const { consultations, shownId } = this.#desk;
    const asked = consultations.filter(
      (consultation) => consultation.unconfirmedCount && consultation.id !== shownId,
    );
    const drawn = JSON.stringify(
      asked.map((consultation) => [
        consultation.unconfirmedCount,
        nameOf(consultation, consultations),
      ]),
    );
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#root.replaceChildren(
      ...asked.slice(0, MOST).map((consultation) => this.#line(consultation)),
    );
  }

  /** @param {Consultation} consultation */
  #line(consultation) {
    const sentence = (/** @type {string} */ name) =>
      words.checkElsewhere(consultation.unconfirmedCount, name);
    const text = make(
      "p",
      "",
      ...withNames(sentence, nameOf(consultation, this.#desk.consultations)),
    );
    const look = button(words.look, () => this.#show(consultation.id));
    return make("div", "note warn", icon("alert"), text, look);
  }
}
