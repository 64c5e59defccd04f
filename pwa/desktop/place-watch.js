/**
 * One line for each consultation that is not shown and holds photos in question: a late photo of a phone
 * that was offline is noticed, whatever the desktop shows by then.
 */
import { withNames } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { button, icon, make } from "./dom.js";
import { nameOf } from "./identity.js";

/** @typedef {import("./shapes.js").Visit} Visit */

const MOST = 3;

export class PlaceWatch {
  #root;
  #desk;
  #show;
  #drawn = "";

  /** @param {HTMLElement} root @param {import("./desk.js").Desk} desk @param {(id: string) => void} show */
  constructor(root, desk, show) {
    this.#root = root;
    this.#desk = desk;
    this.#show = show;
    desk.addEventListener("change", () => this.#render());
  }

  #render() {
    const { visits, shownId } = this.#desk;
    const asked = visits.filter((visit) => visit.unconfirmedCount && visit.id !== shownId);
    const drawn = JSON.stringify(
      asked.map((visit) => [visit.unconfirmedCount, nameOf(visit, visits)]),
    );
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#root.replaceChildren(...asked.slice(0, MOST).map((visit) => this.#line(visit)));
  }

  /** @param {Visit} visit */
  #line(visit) {
    const sentence = (/** @type {string} */ name) =>
      words.checkElsewhere(visit.unconfirmedCount, name);
    const text = make("p", "", ...withNames(sentence, nameOf(visit, this.#desk.visits)));
    const look = button(words.look, () => this.#show(visit.id));
    return make("div", "note warn", icon("alert"), text, look);
  }
}
