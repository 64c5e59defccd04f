/** The notes of the shown consultation: saved by themselves, never lost, never silently overwritten. */
import { desktop as words } from "../../page/words/desktop.js";
import { Conflict } from "./autosave.js";
import { find } from "../../page/dom.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation */

/** Saves notes, unless another screen has changed them since they were read here. */
export class NotesKeeper {
  /** @type {Map<string, string>} */
  #bases = new Map();
  #routes;
  #onSaved;

  /** @param {Pick<import("../shell/routes.js").Routes, "consultation" | "change">} routes @param {(consultation: Consultation) => void} onSaved */
  constructor(routes, onSaved) {
    this.#routes = routes;
    this.#onSaved = onSaved;
  }

  /** The server's text from which typing starts. @param {string} id @param {string} text */
  startFrom(id, text) {
    this.#bases.set(id, text);
  }

  /**
   * What is kept over a reload: the text, and the text that it started from.
   * @param {string} id @param {string} notes @returns {import("./autosave.js").Fields}
   */
  fields(id, notes) {
    const start = this.#bases.get(id);
    return start === undefined ? { notes } : { notes, start };
  }

  /** @param {string} id @param {import("./autosave.js").Fields} fields */
  async save(id, { notes, start }) {
    const theirs = (await this.#routes.consultation(id)).notes;
    const base = this.#bases.get(id) ?? start;
    // Without a known start, a text that contains the server's text has lost nothing of it.
    if (theirs !== base && !notes.includes(theirs)) throw new Conflict(theirs);
    const saved = await this.#routes.change(id, { notes });
    this.#bases.set(id, saved.notes);
    this.#onSaved(saved);
  }
}

export class NotesView {
  #root;
  #text;
  #saved;
  #question;
  #desk;
  #drafts;
  #keeper;
  /** @type {string | null} */
  #id = null;

  /**
   * @param {HTMLElement} root @param {import("../desk.js").Desk} desk
   * @param {import("./drafts.js").Drafts} drafts @param {NotesKeeper} keeper
   */
  constructor(root, desk, drafts, keeper) {
    this.#root = root;
    this.#text = find(root, "textarea", HTMLTextAreaElement);
    this.#saved = find(root, ".saved", HTMLElement);
    this.#question = find(root, ".note", HTMLElement);
    this.#desk = desk;
    this.#drafts = drafts;
    this.#keeper = keeper;
    this.#text.addEventListener("input", () => {
      if (this.#id) drafts.edit(this.#id, keeper.fields(this.#id, this.#text.value));
    });
    this.#question.addEventListener("click", (event) => this.#resolveConflict(event));
    desk.addEventListener("change", () => this.#showNotes());
    drafts.addEventListener("state", () => this.#showState());
    drafts.addEventListener("restored", () => this.#showNotes());
  }

  /** Shows the server's text, except where there is unsaved text; hidden until both are known. */
  #showNotes() {
    const consultation = this.#drafts.isRestored ? this.#desk.shown : undefined;
    // Unfiled photos are of many patients: what is written about one belongs to a consultation.
    this.#root.hidden = consultation?.kind !== "visit";
    if (!consultation) return;
    const isOther = consultation.id !== this.#id;
    if (isOther && this.#id) void this.#drafts.flush(this.#id);
    this.#id = consultation.id;
    const text = this.#textOf(consultation);
    if (this.#text.value !== text) this.#text.value = text;
    if (isOther) this.#showState();
  }

  /** @param {Consultation} consultation */
  #textOf({ id, notes }) {
    const { notes: unsaved } = this.#drafts.unsaved(id);
    if (unsaved === undefined) this.#keeper.startFrom(id, notes);
    return unsaved ?? notes;
  }

  #showState() {
    const state = this.#id ? this.#drafts.state(this.#id) : undefined;
    this.#saved.textContent = state ? words.saveStates[state] : "";
    this.#saved.dataset.saved = state ?? "";
    this.#question.hidden = state !== "conflict";
  }

  /** @param {Event} event */
  #resolveConflict(event) {
    const value = /** @type {Element} */ (event.target).closest("button")?.value;
    const id = this.#id;
    const error = id && this.#drafts.error(id);
    if (!id || !value || !(error instanceof Conflict)) return;
    const { theirs } = error;
    this.#text.value = value === "both" ? `${theirs}\n\n${this.#text.value}` : theirs;
    this.#keeper.startFrom(id, theirs);
    this.#drafts.resolve(id, value === "both" ? this.#keeper.fields(id, this.#text.value) : {});
    void this.#desk.refresh().catch(() => {});
    this.#text.focus();
  }
}
