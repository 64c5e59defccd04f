/** The form behind "New consultation", and behind "Correct" for one that was mistyped. */
import { withNames } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { find } from "../../page/dom.js";
import { nameOf } from "./identity.js";
import { errorMessage } from "../shell/error-messages.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation @typedef {import("../../shared/api-types.js").NewConsultation} NewConsultation */

export class StartDialog {
  #dialog;
  #form;
  #failed;
  #acts;
  /** @type {Consultation | null} the one that is corrected; null for a new one */
  #consultation = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {{ start(identity: NewConsultation): Promise<void>, correct(consultation: Consultation, identity: NewConsultation): Promise<void>,
   *   twin(identity: NewConsultation, except: Consultation | null): Consultation | undefined, consultations(): Consultation[] }} acts
   */
  constructor(dialog, acts) {
    this.#dialog = dialog;
    this.#acts = acts;
    this.#form = find(dialog, "form", HTMLFormElement);
    this.#form.noValidate = true;
    this.#failed = find(dialog, "#new-failed", HTMLElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    find(dialog, "[value=cancel]", HTMLElement).addEventListener("click", () => dialog.close());
  }

  /** @param {Consultation | null} [consultation] to correct */
  open(consultation = null) {
    if (document.querySelector("dialog[open]")) return;
    this.#consultation = consultation;
    this.#form.reset();
    this.#setText("h2", consultation ? words.correctTitle : words.newConsultation);
    this.#setText(".primary", consultation ? words.save : words.start);
    this.#setText("#new-about", consultation ? about(consultation) : "");
    find(this.#dialog, "#new-about", HTMLElement).hidden = !consultation;
    if (consultation) this.#fill(consultation);
    this.#setFieldError("label", []);
    this.#setFieldError("second", []);
    this.#showFailure("");
    this.#dialog.showModal();
  }

  /** @param {Consultation} consultation */
  #fill({ label, secondIdentifier }) {
    this.#field("label").value = label;
    this.#field("second").value = secondIdentifier ?? "";
  }

  async #submit() {
    const [label, second] = ["label", "second"].map((name) => this.#field(name).value.trim());
    this.#setFieldError("second", []);
    this.#setFieldError("label", label ? [] : [words.labelMissing]);
    this.#showFailure("");
    if (!label) return;
    const button = find(this.#form, ".primary", HTMLButtonElement);
    button.disabled = true;
    await this.#send({ label, secondIdentifier: second || null });
    button.disabled = false;
  }

  /** @param {NewConsultation} identity */
  async #send(identity) {
    const consultation = this.#consultation;
    try {
      await (consultation
        ? this.#acts.correct(consultation, identity)
        : this.#acts.start(identity));
      this.#dialog.close();
    } catch (error) {
      const { code } = /** @type {import("../shell/error-messages.js").AnyError} */ (error);
      if (code === "label-in-use") this.#askForIdentifier(identity);
      else this.#showFailure(errorMessage(consultation ? "correct" : "start", error));
    }
  }

  /** @param {NewConsultation} identity that looks like another open consultation */
  #askForIdentifier(identity) {
    const twin = this.#acts.twin(identity, this.#consultation);
    const name = twin && nameOf(twin, this.#acts.consultations());
    this.#setFieldError(
      "second",
      name ? withNames(words.labelInUse, name) : [words.labelInUseOther],
    );
  }

  /** @param {string} name */
  #field(name) {
    return find(this.#form, `[name=${name}]`, HTMLInputElement);
  }

  /** @param {string} place @param {string} text */
  #setText(place, text) {
    find(this.#dialog, place, HTMLElement).textContent = text;
  }

  /** @param {string} name @param {(string | Node)[]} why empty when nothing is wrong with the field */
  #setFieldError(name, why) {
    const field = this.#field(name);
    const error = find(this.#form, `[data-error=${name}]`, HTMLElement);
    error.replaceChildren(...why);
    field.ariaInvalid = String(why.length > 0);
    if (why.length) field.focus();
  }

  /** An error of no single field is shown by the button that was pressed. @param {string} text */
  #showFailure(text) {
    this.#failed.textContent = text;
    this.#failed.hidden = !text;
  }
}

/** What a correction does; photos would go with it to another patient. @param {Consultation} consultation */
function about({ photoCount }) {
  const photos = photoCount > 0 ? [words.correctPhotos(photoCount)] : [];
  return [words.correctHint, ...photos].join(" ");
}
