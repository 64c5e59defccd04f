/**
 * Another screen, perhaps of a colleague with the same account, changed where new photos go: this one
 * says so until the user has answered. The phone follows that change, whichever screen made it.
 */
import { withNames } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { button, icon, make } from "../../page/dom.js";
import { labelOf, named } from "./identity.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation @typedef {{ to: Consultation, from: Consultation | undefined }} Move */

export class MovedCard {
  #root;
  #desk;
  #choose;
  /** @type {Move | null} */
  #move = null;

  /** @param {HTMLElement} root @param {import("../desk.js").Desk} desk @param {(consultation: Consultation) => void} choose */
  constructor(root, desk, choose) {
    this.#root = root;
    this.#desk = desk;
    this.#choose = choose;
    desk.addEventListener("moved", () => this.#showMove(desk.current, desk.before));
    desk.addEventListener("change", () => this.#clearIfChosenHere());
  }

  /** @param {Consultation | undefined} to @param {Consultation | undefined} from */
  #showMove(to, from) {
    // Of several moves, the way back leads to what this screen last agreed to.
    const first = this.#move?.from ?? from;
    if (!to || to.id === first?.id) return this.#clearMove();
    this.#move = { to, from: first };
    this.#draw(this.#move);
  }

  /** Once another consultation was chosen on this screen, there is nothing left to answer. */
  #clearIfChosenHere() {
    const { current } = this.#desk;
    if (this.#move && current && current.id !== this.#move.to.id) this.#clearMove();
  }

  /** @param {Move} move */
  #draw({ to, from }) {
    const { consultations } = this.#desk;
    const before = from && consultations.find(({ id }) => id === from.id);
    const lines = [
      make("strong", "moved-to", ...withNames(words.currentMoved, labelOf(to))),
      ...(to.kind === "visit" ? [named(to, consultations).lastElementChild ?? ""] : []),
      ...(from ? [make("span", "", words.movedFrom, " ", named(from, consultations))] : []),
      make("span", "", words.movedElsewhere),
    ];
    const answers = [button(words.movedKeep, () => this.#clearMove())];
    if (before && !before.closedAt) {
      answers.push(button(words.movedBack, () => this.#back(before)));
    }
    const body = make("div", "moved-lines", ...lines, make("span", "place-answers", ...answers));
    this.#root.replaceChildren(icon("alert"), body);
    this.#root.hidden = false;
  }

  /** @param {Consultation} consultation */
  #back(consultation) {
    this.#clearMove();
    this.#choose(consultation);
  }

  #clearMove() {
    this.#move = null;
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }
}
