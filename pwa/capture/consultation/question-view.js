/** Shows the open question: a card on the screen, or a dialog where it must be answered now. */
import { ask, choiceButton } from "../../page/dialog.js";
import { name } from "../../page/names.js";
import { make } from "../../page/dom.js";

/** @import { Answer, Asked, Piece } from "./question.js" */

const REFLEX = 400; // ms: a tap meant for what stood here before must not answer the question

export class QuestionCard {
  #card;
  #asked = "";

  /** @param {HTMLElement} card @param {(answer: string) => unknown} answer */
  constructor(card, answer) {
    this.#card = card;
    card.onclick = ({ target }) => {
      const chosen = target instanceof Element && target.closest("[data-answer]");
      if (chosen instanceof HTMLElement) answer(chosen.dataset.answer ?? "");
    };
  }

  /** @param {Asked|null} question @returns {HTMLElement|null} the new question's line, where it is another one */
  draw(question) {
    this.#card.hidden = !question;
    const key = JSON.stringify(question);
    if (key === this.#asked) return null;
    this.#asked = key;
    if (!question) return null;
    const line = make("p", "", ...question.pieces.map(drawn));
    line.tabIndex = -1;
    const answers = choicesOf(question).map(choiceButton);
    for (const answer of answers) answer.disabled = true;
    setTimeout(() => answers.forEach((answer) => (answer.disabled = false)), REFLEX);
    this.#card.replaceChildren(line, ...answers);
    return line;
  }
}

/** @param {Asked} question @param {HTMLElement} [picture] @returns {Promise<string|null>} */
export const askOf = (question, picture) =>
  ask({ title: question.pieces.map(drawn), choices: choicesOf(question), picture });

/** @param {Asked} question */
const choicesOf = ({ choices }) =>
  choices.map((/** @type {Answer} */ { value, pieces, detail, mark }) => {
    return { value, text: wordsOf(pieces), detail, mark };
  });

/** @param {Piece[]} pieces @returns {(string|Node)[]} */
export const wordsOf = (pieces) =>
  pieces.map((piece) => (typeof piece === "string" ? piece : name(piece.name)));

/** @param {Piece} piece @returns {string|Node} */
const drawn = (piece) => (typeof piece === "string" ? piece : make("strong", "", name(piece.name)));
