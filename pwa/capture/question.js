/** The words of the consultation's open question, for the card in the camera and for the dialog. */
import { phone as words } from "../page/words-phone.js";
import { clock } from "./dom.js";

/** @import { Binding, Known, Visit } from "./consultation-guard.js" */
/** @import { Choice } from "../page/dialog.js" */

/**
 * @typedef {object} Asked
 * @property {string} text
 * @property {Piece[]} pieces the same words, in which the consultations stand out
 * @property {Choice[]} choices
 */
/** @typedef {string|{name: string}} Piece */

/**
 * @param {Visit} visit
 * @param {Known} known
 * @param {number} [now] ms, by the clock that `confirmedAt` was written with
 * @returns {Asked|null} null when nothing is asked
 */
export function questionOf({ belongs, taken, question }, known, now = Date.now()) {
  if (!question) return null;
  const label = labelOf(belongs, known);
  if (question.kind === "stale")
    return asked(
      around((name) => words.stale(name, age(question.confirmedAt, now)), label),
      [choice("use", words.use(label)), choice("decline", words.decline)],
    );
  const to = labelOf(question.to, known);
  if (question.kind === "closed") return closed(label, to);
  if (to === label) return moved(timed(belongs), timed(question.to), taken);
  return moved(label, to, taken);
}

/** @param {string} label @param {string} to @param {boolean} taken */
function moved(label, to, taken) {
  const ours = around(taken ? words.belongTo : words.cameraOn, label);
  return asked(
    [...around(words.movedTo, to), "\n", ...ours],
    [choice("keep", words.keep(label)), choice("switch", words.switchTo(to))],
  );
}

/** There is nothing to keep. @param {string} label @param {string} to */
function closed(label, to) {
  return asked(
    [...around(words.closedOnDesktop, label), "\n", words.takesNoMore],
    [choice("switch", words.switchTo(to))],
  );
}

/** @param {Piece[]} pieces @param {Choice[]} choices @returns {Asked} */
function asked(pieces, choices) {
  const text = pieces.map((piece) => (typeof piece === "string" ? piece : piece.name)).join("");
  return { text, pieces, choices };
}

/** A sentence and the name within it, wherever a language puts it. @param {(name: string) => string} sentence @param {string} name @returns {Piece[]} */
function around(sentence, name) {
  const [before, after = ""] = sentence("\0").split("\0");
  return [before, { name }, after];
}

/**
 * @param {{id: string, label: string}} binding
 * @param {Known|null} known
 * @param {string} [none] what to call the place for photos without a consultation
 */
export function labelOf({ id, label }, known, none = words.noConsultation) {
  return id === known?.unfiled.id ? none : label;
}

/** Two consultations of one label are told apart by their time. @param {Binding} binding */
const timed = ({ label, openedAt }) => `${label} (${clock(openedAt)})`;

const LONGEST_AGO = 30 * 24 * 60; // minutes

/** @param {number} since ms @param {number} now ms */
function age(since, now) {
  const minutes = Math.floor((now - since) / 60_000);
  // A clock that jumped must not speak of years.
  return minutes > 0 && minutes < LONGEST_AGO ? words.ago(minutes) : words.longAgo;
}

/** @param {string} value @param {string} text @returns {Choice} alike in size and weight: neither answer is suggested */
const choice = (value, text) => ({ value, text, asWritten: true });
