/** Questions in a modal dialog: the answer is a promise, Escape is the answer null. */
import { asWritten, fill } from "./names.js";

/** @import { Words } from "./names.js" */

/**
 * @typedef {{value: string, text: Words, kind?: string, asWritten?: boolean}} Choice
 *   `kind` is a button class of base.css: "primary", "danger", "quiet"; `asWritten` where a name decides.
 */

/**
 * Asks one question. The first choice gets the focus; the focus returns to where it was.
 * @param {{title: Words, text?: Words, choices: Choice[]}} question
 * @returns {Promise<string|null>} the chosen value
 */
export function ask({ title, text = "", choices }) {
  const dialog = open(title);
  if (text) dialog.append(paragraph(text));
  const actions = document.createElement("div");
  actions.className = "actions";
  actions.append(...choices.map(choiceButton));
  dialog.append(actions);
  return answerOf(dialog);
}

/**
 * Shows content until it is closed; the content is handed the dialog to add to.
 * @param {Words} title
 * @param {(dialog: HTMLDialogElement) => void} fill
 * @returns {Promise<string|null>}
 */
export function show(title, fill) {
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
  const dialog = document.createElement("dialog");
  dialog.className = "modal";
  const heading = document.createElement("h2");
  heading.id = "dialog-title";
  fill(heading, title);
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(heading);
  return dialog;
}

/** @param {Words} text */
function paragraph(text) {
  const made = document.createElement("p");
  fill(made, text);
  return made;
}

/** @param {Choice} choice */
export function choiceButton({ value, text, kind = "", asWritten: isName = false }) {
  const made = document.createElement("button");
  made.className = `button ${kind}`;
  made.type = "button";
  made.dataset.answer = value;
  fill(made, text);
  return isName ? asWritten(made) : made;
}
