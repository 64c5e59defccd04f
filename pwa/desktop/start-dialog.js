/** The form behind "New consultation", and behind "Correct" for one that was mistyped. */
import { withNames } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { find } from "./dom.js";
import { nameOf } from "./identity.js";
import { trouble } from "./troubles.js";

/** @typedef {import("./shapes.js").Visit} Visit @typedef {import("./shapes.js").NewVisit} NewVisit */

export class StartDialog {
  #dialog;
  #form;
  #failed;
  #acts;
  /** @type {Visit | null} the one that is corrected; null for a new one */
  #visit = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {{ start(wish: NewVisit): Promise<void>, correct(visit: Visit, wish: NewVisit): Promise<void>,
   *   twin(wish: NewVisit, except: Visit | null): Visit | undefined, visits(): Visit[] }} acts
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

  /** @param {Visit | null} [visit] to correct */
  open(visit = null) {
    if (document.querySelector("dialog[open]")) return;
    this.#visit = visit;
    this.#form.reset();
    this.#field("label").value = visit?.label ?? "";
    this.#field("second").value = visit?.secondIdentifier ?? "";
    this.#say("h2", visit ? words.correctTitle : words.newVisit);
    this.#say(".primary", visit ? words.save : words.start);
    const hint = find(this.#dialog, "#new-about", HTMLElement);
    hint.hidden = !visit;
    hint.textContent = visit ? about(visit) : "";
    this.#blame("label", []);
    this.#blame("second", []);
    this.#fail("");
    this.#dialog.showModal();
  }

  async #submit() {
    const [label, second] = ["label", "second"].map((name) => this.#field(name).value.trim());
    this.#blame("second", []);
    this.#blame("label", label ? [] : [words.labelMissing]);
    this.#fail("");
    if (!label) return;
    const button = find(this.#form, ".primary", HTMLButtonElement);
    button.disabled = true;
    await this.#send({ label, secondIdentifier: second || null });
    button.disabled = false;
  }

  /** @param {NewVisit} wish */
  async #send(wish) {
    const visit = this.#visit;
    try {
      await (visit ? this.#acts.correct(visit, wish) : this.#acts.start(wish));
      this.#dialog.close();
    } catch (error) {
      if (/** @type {any} */ (error)?.code === "label-in-use") this.#askForIdentifier(wish);
      else this.#fail(trouble(visit ? "correct" : "start", error));
    }
  }

  /** @param {NewVisit} wish that looks like another open consultation */
  #askForIdentifier(wish) {
    const twin = this.#acts.twin(wish, this.#visit);
    const name = twin && nameOf(twin, this.#acts.visits());
    this.#blame("second", name ? withNames(words.labelInUse, name) : [words.labelInUseOther]);
  }

  /** @param {string} name */
  #field(name) {
    return find(this.#form, `[name=${name}]`, HTMLInputElement);
  }

  /** @param {string} place @param {string} text */
  #say(place, text) {
    find(this.#dialog, place, HTMLElement).textContent = text;
  }

  /** @param {string} name @param {(string | Node)[]} why empty when nothing is wrong with the field */
  #blame(name, why) {
    const field = this.#field(name);
    const error = find(this.#form, `[data-error=${name}]`, HTMLElement);
    error.replaceChildren(...why);
    field.ariaInvalid = String(why.length > 0);
    if (why.length) field.focus();
  }

  /** What no field is to blame for stands by the button that was pressed. @param {string} text */
  #fail(text) {
    this.#failed.textContent = text;
    this.#failed.hidden = !text;
  }
}

/** What a correction does; photos would go with it to another patient. @param {Visit} visit */
function about({ photoCount }) {
  const photos = photoCount > 0 ? [words.correctPhotos(photoCount)] : [];
  return [words.correctHint, ...photos].join(" ");
}
