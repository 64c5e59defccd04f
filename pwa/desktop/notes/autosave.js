/**
 * Saves typed fields a moment after the last keystroke, one save at a time. A failed save keeps the
 * text and tries again; a conflict waits until the user has decided.
 */
import { realClock } from "../../shared/clock.js";

/** @typedef {Record<string, string>} Fields by name */
/** @typedef {Pick<import("../../shared/clock.js").Clock, "after">} Timer */
/** @typedef {"saved" | "editing" | "saving" | "failed" | "conflict"} SaveState */

/** The server's text is another one than the typed text started from. */
export class Conflict extends Error {
  /** @param {string} theirs */
  constructor(theirs) {
    super("changed on another screen");
    this.theirs = theirs;
  }
}

const PAUSE = 800;
const RETRY = 10_000;

export class Autosave {
  /** @type {SaveState} */
  state = "saved";
  /** @type {unknown} */
  error = null;
  /** @type {Fields} */
  #unsaved = {};
  /** @type {Promise<void> | null} */
  #sending = null;
  #cancelSave = () => {};
  #send;
  #onState;
  #clock;

  /**
   * @param {(fields: Fields) => Promise<void>} send @param {() => void} onState
   * @param {Timer} [clock]
   */
  constructor(send, onState, clock = realClock) {
    this.#send = send;
    this.#onState = onState;
    this.#clock = clock;
  }

  /** What was typed and is not on the server yet. */
  get unsaved() {
    return this.#unsaved;
  }

  get dirty() {
    return Object.keys(this.#unsaved).length > 0;
  }

  /** @param {Fields} fields */
  edit(fields) {
    Object.assign(this.#unsaved, fields);
    if (this.state === "conflict") return;
    this.#setState("editing");
    this.#saveLater(PAUSE);
  }

  /** Saves now. @returns {Promise<boolean>} whether nothing is left unsaved */
  async flush() {
    this.#cancelSave();
    await this.#sending;
    if (this.dirty) {
      this.#sending = this.#save();
      await this.#sending;
    }
    return !this.dirty;
  }

  /** A conflict was decided: goes on with these fields, or with nothing to save. @param {Fields} fields */
  resolve(fields) {
    this.#unsaved = {};
    this.#setState("saved");
    if (Object.keys(fields).length) this.edit(fields);
  }

  async #save() {
    const sent = { ...this.#unsaved };
    this.#setState("saving");
    try {
      await this.#send(sent);
      this.#dropSaved(sent);
    } catch (error) {
      this.#fail(error);
    }
    this.#sending = null;
  }

  /** @param {Fields} sent */
  #dropSaved(sent) {
    for (const name in sent) if (this.#unsaved[name] === sent[name]) delete this.#unsaved[name];
    this.#setState(this.dirty ? "editing" : "saved");
    if (this.dirty) this.#saveLater(PAUSE);
  }

  /** @param {unknown} error */
  #fail(error) {
    const conflict = error instanceof Conflict;
    this.#setState(conflict ? "conflict" : "failed", error);
    if (!conflict) this.#saveLater(RETRY);
  }

  /** @param {number} ms */
  #saveLater(ms) {
    this.#cancelSave();
    this.#cancelSave = this.#clock.after(ms, () => void this.flush());
  }

  /** @param {SaveState} state @param {unknown} [error] */
  #setState(state, error = null) {
    this.state = state;
    this.error = error;
    this.#onState();
  }
}
