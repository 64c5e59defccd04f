/** The form behind "New consultation". */
import { desktop as words } from "../page/words-desktop.js";
import { find } from "./dom.js";
import { trouble } from "./troubles.js";

export class StartDialog {
  #dialog;
  #form;
  #labelError;
  #failed;
  #start;

  /** @param {HTMLDialogElement} dialog @param {(wish: import("./shapes.js").NewVisit) => Promise<void>} start */
  constructor(dialog, start) {
    this.#dialog = dialog;
    this.#start = start;
    this.#form = find(dialog, "form", HTMLFormElement);
    this.#form.noValidate = true;
    this.#labelError = find(dialog, ".field-error", HTMLElement);
    this.#failed = find(dialog, "#new-failed", HTMLElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    find(dialog, "[value=cancel]", HTMLElement).addEventListener("click", () => dialog.close());
  }

  open() {
    if (document.querySelector("dialog[open]")) return;
    this.#form.reset();
    this.#blameLabel("");
    this.#fail("");
    this.#dialog.showModal();
  }

  async #submit() {
    const form = new FormData(this.#form);
    const [label, second] = ["label", "second"].map((name) => String(form.get(name)).trim());
    this.#blameLabel(label ? "" : words.labelMissing);
    this.#fail("");
    if (!label) return;
    const button = find(this.#form, ".primary", HTMLButtonElement);
    button.disabled = true;
    try {
      await this.#start({ label, secondIdentifier: second || null });
      this.#dialog.close();
    } catch (error) {
      this.#fail(trouble("start", error));
    }
    button.disabled = false;
  }

  /** @param {string} text empty when nothing is wrong with the label */
  #blameLabel(text) {
    const field = find(this.#form, "[name=label]", HTMLInputElement);
    this.#labelError.textContent = text;
    field.ariaInvalid = String(!!text);
    if (text) field.focus();
  }

  /** What no field is to blame for stands by the button that was pressed. @param {string} text */
  #fail(text) {
    this.#failed.textContent = text;
    this.#failed.hidden = !text;
  }
}
