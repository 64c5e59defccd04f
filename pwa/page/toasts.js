/** Short messages above the page, and the polite voice for assistive tools. */
import { button, make } from "./dom.js";
import { fill } from "./names.js";

/** @import { Words } from "./names.js" */

const SPOKEN = 10_000; // ms after which what was announced may no longer be true
/** @type {ReturnType<typeof setTimeout>|undefined} */
let silence;
/** As it was announced: what stands there may have been translated by the browser. */
let spoken = "";

/**
 * Speaks a change of status without moving the focus; the same words are not spoken twice in a row.
 * They are removed after a while: they describe one moment.
 * @param {Words} words
 */
export function readOut(words) {
  const voice = region("voice", "visually-hidden");
  const content = make("div", "");
  fill(content, words);
  if (content.textContent !== spoken || !voice.textContent) {
    spoken = content.textContent ?? "";
    voice.replaceChildren(...content.childNodes);
  }
  clearTimeout(silence);
  silence = setTimeout(fallSilent, SPOKEN, voice);
}

/** @param {HTMLElement} voice */
function fallSilent(voice) {
  voice.textContent = spoken = "";
}

/**
 * Shows a message. With an action it stays until answered; without one it leaves after six seconds.
 * @param {Words} text
 * @param {{action?: string, dismiss?: string}} [options] words of the buttons
 * @returns {Promise<boolean>} whether the action was chosen
 */
export function toast(text, { action, dismiss } = {}) {
  const box = make("div", "toast");
  const content = make("p", "");
  fill(content, text);
  box.append(content);
  region("toasts", "toasts").append(box);
  return new Promise((resolve) => {
    /** @param {boolean} answer */
    const leave = (answer) => {
      box.remove();
      resolve(answer);
    };
    if (action) box.append(button(action, () => leave(true)));
    if (dismiss) box.append(button(dismiss, () => leave(false)));
    if (!action) setTimeout(leave, 6000, false);
  });
}

/** @param {string} id @param {string} className */
function region(id, className) {
  const known = document.getElementById(id);
  if (known) return known;
  const made = make("div", className);
  made.id = id;
  made.setAttribute("role", "status");
  document.body.append(made);
  return made;
}
