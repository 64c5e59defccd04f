/** The form behind "New consultation". */
import { desktop as words } from "../page/words-desktop.js";
import { find } from "./dom.js";
import { trouble } from "./troubles.js";

export class StartDialog {
  #dialog;
  #form;
  #trouble;
  #start;

  /** @param {HTMLDialogElement} dialog @param {(wish: import("./shapes.js").NewVisit) => Promise<void>} start */
  constructor(dialog, start) {
    this.#dialog = dialog;
    this.#start = start;
    this.#form = find(dialog, "form", HTMLFormElement);
    this.#form.noValidate = true;
    this.#trouble = find(dialog, ".field-error", HTMLElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    find(dialog, "[value=cancel]", HTMLElement).addEventListener("click", () => dialog.close());
  }

  open() {
    if (document.querySelector("dialog[open]")) return;
    this.#form.reset();
    this.#say("", false);
    this.#dialog.showModal();
  }

  async #submit() {
    const form = new FormData(this.#form);
    const [label, second] = ["label", "second"].map((name) => String(form.get(name)).trim());
    if (!label) return this.#say(words.labelMissing, true);
    const button = find(this.#form, ".primary", HTMLButtonElement);
    button.disabled = true;
    try {
      await this.#start({ label, secondIdentifier: second || null });
      this.#dialog.close();
    } catch (error) {
      this.#say(trouble("start", error), false);
    }
    button.disabled = false;
  }

  /** @param {string} text @param {boolean} isLabelWrong */
  #say(text, isLabelWrong) {
    const field = find(this.#form, "[name=label]", HTMLInputElement);
    this.#trouble.textContent = text;
    field.ariaInvalid = String(isLabelWrong);
    if (isLabelWrong) field.focus();
  }
}
