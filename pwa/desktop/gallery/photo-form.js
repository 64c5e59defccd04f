/** What a photo shows, in the clinician's words: caption, body site, side, view; saved by itself. */
import { desktop as words } from "../../page/words/desktop.js";
import { find, make } from "../../page/dom.js";
import { lateMark } from "./tile.js";
import { when } from "../times.js";

/** @typedef {import("../../shared/api-types.js").Photo} Photo */

const FIELDS = /** @type {const} */ (["caption", "bodySite", "side", "view"]);

export class PhotoForm {
  #form;
  #drafts;
  #id = "";

  /** @param {HTMLFormElement} form @param {import("../notes/drafts.js").Drafts} drafts */
  constructor(form, drafts) {
    this.#form = form;
    this.#drafts = drafts;
    fillSelect(find(form, "[name=side]", HTMLSelectElement), words.sides);
    fillSelect(find(form, "[name=view]", HTMLSelectElement), words.views);
    const sites = words.bodySites.map((site) => new Option(site, site));
    find(form, "datalist", HTMLDataListElement).append(...sites);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => this.#typed(event));
    drafts.addEventListener("state", () => this.#showSaved());
  }

  /** Shows what the server knows, except in the field with the focus. @param {Photo} photo */
  show(photo) {
    const isOther = photo.id !== this.#id;
    if (isOther) this.leave();
    this.#id = photo.id;
    const known = { ...photo, ...this.#drafts.unsaved(photo.id) };
    for (const name of FIELDS) {
      const field = /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
      if (isOther || field !== document.activeElement) field.value = known[name];
    }
    find(this.#form, ".facts", HTMLElement).replaceChildren(...facts(photo));
    this.#showSaved();
  }

  /** Saves what is typed without waiting for the pause. */
  leave() {
    if (this.#id) void this.#drafts.flush(this.#id);
    this.#id = "";
    this.say("");
  }

  /** @param {string} text what went wrong, or nothing */
  say(text) {
    find(this.#form, ".field-error", HTMLElement).textContent = text;
  }

  #showSaved() {
    const state = this.#drafts.state(this.#id);
    const saved = find(this.#form, ".saved", HTMLElement);
    saved.textContent = state ? words.saveStates[state] : "";
    saved.dataset.saved = state ?? "";
  }

  /** @param {Event} event */
  #typed({ target }) {
    const field = /** @type {HTMLInputElement} */ (target);
    if (this.#id) this.#drafts.edit(this.#id, { [field.name]: field.value });
  }
}

/** @param {HTMLSelectElement} select @param {Record<string, string>} options text by value */
function fillSelect(select, options) {
  select.replaceChildren(
    ...Object.entries(options).map(([value, text]) => new Option(text, value)),
  );
}

/** @param {Photo} photo */
function facts(photo) {
  const now = new Date();
  const received = make("dd", "", when(photo.receivedAt, now, words.locale));
  if (photo.late) received.append(" ", lateMark());
  return [
    make("dt", "", words.taken),
    make("dd", "", when(photo.capturedAt, now, words.locale)),
    make("dt", "", words.received),
    received,
    make("dt", "", words.size),
    make("dd", "", `${photo.width} × ${photo.height}`),
  ];
}
