/** The words of the consultation's open question, for the card in the camera and for the dialog. */
import { phone as words } from "../page/words-phone.js";
import { clock } from "./dom.js";

/** @import { Binding, Known, Visit } from "./consultation-guard.js" */
/** @import { Choice } from "../page/dialog.js" */

/**
 * @param {Visit} visit
 * @param {Known} known
 * @returns {{text: string, choices: Choice[]}|null} null when nothing is asked
 */
export function questionOf({ belongs, taken, question }, known) {
  if (!question) return null;
  const label = labelOf(belongs, known);
  if (question.kind === "stale")
    return {
      text: words.stale(label, age(question.confirmedAt)),
      choices: [choice("use", words.use(label)), choice("decline", words.decline)],
    };
  const to = labelOf(question.to, known);
  if (to === label) return moved(timed(belongs), timed(question.to), taken);
  return moved(label, to, taken);
}

/** @param {string} label @param {string} to @param {boolean} taken @returns {{text: string, choices: Choice[]}} */
function moved(label, to, taken) {
  return {
    text: `${words.movedTo(to)}\n${taken ? words.belongTo(label) : words.cameraOn(label)}`,
    choices: [choice("keep", words.keep(label)), choice("switch", words.switchTo(to))],
  };
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

/** @param {number} since ms */
function age(since) {
  const minutes = Math.floor((Date.now() - since) / 60_000);
  return minutes > 0 ? words.ago(minutes) : words.longAgo;
}

/** @param {string} value @param {string} text @returns {Choice} alike in size and weight: neither answer is suggested */
const choice = (value, text) => ({ value, text });
