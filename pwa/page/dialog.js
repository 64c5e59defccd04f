/** Questions in a modal dialog: the answer is a promise, Escape is the answer null. */
import { make } from "./dom.js";
import { asWritten, fill } from "./names.js";

/** @import { Words } from "./names.js" */

/**
 * @typedef {{value: string, text: Words, kind?: string, asWritten?: boolean, detail?: string, mark?: string}} Choice
 *   `kind` is a button class of base.css: "primary", "danger", "quiet"; `asWritten` where a name decides;
 *   `detail` a line below the text, in which `mark` stands out.
 */

/**
 * Asks one question. The first choice gets the focus; the focus returns to where it was.
 * @param {{title: Words, text?: Words, picture?: HTMLElement, choices: Choice[]}} question
 * @returns {Promise<string|null>} the chosen value
 */
export function ask({ title, text = "", picture, choices }) {
  const dialog = open(title);
  if (text) dialog.append(paragraph(text));
  if (picture) dialog.append(picture);
  dialog.append(make("div", "actions", ...choices.map(choiceButton)));
  return answerOf(dialog);
}

/**
 * Shows content until it is closed; the content is handed the dialog to add to.
 * @param {Words} title
 * @param {(dialog: HTMLDialogElement) => void} fill
 * @returns {Promise<string|null>}
 */
export function showDialog(title, fill) {
  const dialog = open(title);
  fill(dialog);
  return answerOf(dialog);
}

/** @param {HTMLDialogElement} dialog @returns {Promise<string|null>} */
function answerOf(dialog) {
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    dialog.addEventListener("click", (event) => {
      const chosen = event.target instanceof Element && event.target.closest("[data-answer]");
      if (chosen instanceof HTMLElement) dialog.close(chosen.dataset.answer);
    });
    dialog.showModal();
  });
}

/** @param {Words} title */
function open(title) {
  const heading = make("h2", "");
  heading.id = "dialog-title";
  fill(heading, title);
  const dialog = make("dialog", "modal", heading);
  dialog.setAttribute("aria-labelledby", heading.id);
  return dialog;
}

/** @param {Words} text */
function paragraph(text) {
  const made = make("p", "");
  fill(made, text);
  return made;
}

/** @param {Choice} choice */
export function choiceButton(choice) {
  const { value, text, kind = "", detail = "", mark = "" } = choice;
  const made = make("button", `button ${kind}`);
  made.type = "button";
  made.dataset.answer = value;
  fill(made, text);
  if (detail) made.append(" ", detailLine(detail, mark));
  return choice.asWritten ? asWritten(made) : made;
}

/** @param {string} detail @param {string} mark a part of it, or nothing */
function detailLine(detail, mark) {
  const line = asWritten(make("span", "detail"));
  const at = mark ? detail.indexOf(mark) : -1;
  if (at < 0) line.append(detail);
  else line.append(detail.slice(0, at), make("strong", "", mark), detail.slice(at + mark.length));
  return line;
}
