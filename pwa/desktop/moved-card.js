/**
 * Another screen, perhaps of a colleague with the same account, changed where new photos go: this one
 * says so until a person has answered. The phone follows that change, whoever made it.
 */
import { withNames } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { button, icon, make } from "./dom.js";
import { labelOf, named } from "./identity.js";

/** @typedef {import("./shapes.js").Visit} Visit @typedef {{ to: Visit, from: Visit | undefined }} Move */

export class MovedCard {
  #root;
  #desk;
  #choose;
  /** @type {Move | null} */
  #move = null;

  /** @param {HTMLElement} root @param {import("./desk.js").Desk} desk @param {(visit: Visit) => void} choose */
  constructor(root, desk, choose) {
    this.#root = root;
    this.#desk = desk;
    this.#choose = choose;
    desk.addEventListener("moved", () => this.#hear(desk.current, desk.before));
    desk.addEventListener("change", () => this.#settle());
  }

  /** @param {Visit | undefined} to @param {Visit | undefined} from */
  #hear(to, from) {
    // Of several moves, the way back leads to what this screen last agreed to.
    const first = this.#move?.from ?? from;
    if (!to || to.id === first?.id) return this.#answer();
    this.#move = { to, from: first };
    this.#draw(this.#move);
  }

  /** Once this screen chose by itself, there is nothing left to answer. */
  #settle() {
    const { current } = this.#desk;
    if (this.#move && current && current.id !== this.#move.to.id) this.#answer();
  }

  /** @param {Move} move */
  #draw({ to, from }) {
    const { visits } = this.#desk;
    const before = from && visits.find(({ id }) => id === from.id);
    const lines = [
      make("strong", "moved-to", ...withNames(words.currentMoved, labelOf(to))),
      ...(to.kind === "visit" ? [named(to, visits).lastElementChild ?? ""] : []),
      ...(from ? [make("span", "", words.movedFrom, " ", named(from, visits))] : []),
      make("span", "", words.movedElsewhere),
    ];
    const answers = [button(words.movedKeep, () => this.#answer())];
    if (before && !before.closedAt) {
      answers.push(button(words.movedBack, () => this.#back(before)));
    }
    const says = make("div", "moved-lines", ...lines, make("span", "place-answers", ...answers));
    this.#root.replaceChildren(icon("alert"), says);
    this.#root.hidden = false;
  }

  /** @param {Visit} visit */
  #back(visit) {
    this.#answer();
    this.#choose(visit);
  }

  #answer() {
    this.#move = null;
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }
}
