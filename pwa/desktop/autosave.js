/**
 * Saves typed fields a moment after the last keystroke, one save at a time. A failed save keeps the
 * words and tries again; a conflict waits until a person has decided.
 */

/** @typedef {import("./shapes.js").Fields} Fields */
/** @typedef {{ setTimeout(run: () => void, ms: number): any, clearTimeout(timer: any): void }} Timers */
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
  /** @type {any} */
  #timer;
  #send;
  #onState;
  #timers;

  /**
   * @param {(fields: Fields) => Promise<void>} send @param {() => void} onState
   * @param {Timers} timers
   */
  constructor(send, onState, timers = globalThis) {
    this.#send = send;
    this.#onState = onState;
    // Browsers refuse timers that are called on another object than the window.
    this.#timers = {
      set: (/** @type {() => void} */ run, /** @type {number} */ ms) => timers.setTimeout(run, ms),
      clear: (/** @type {any} */ timer) => timers.clearTimeout(timer),
    };
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
    this.#to("editing");
    this.#later(PAUSE);
  }

  /** Saves now. @returns {Promise<boolean>} whether nothing is left unsaved */
  async flush() {
    this.#timers.clear(this.#timer);
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
    this.#to("saved");
    if (Object.keys(fields).length) this.edit(fields);
  }

  async #save() {
    const sent = { ...this.#unsaved };
    this.#to("saving");
    try {
      await this.#send(sent);
      this.#forget(sent);
    } catch (error) {
      this.#fail(error);
    }
    this.#sending = null;
  }

  /** @param {Fields} sent */
  #forget(sent) {
    for (const name in sent) if (this.#unsaved[name] === sent[name]) delete this.#unsaved[name];
    this.#to(this.dirty ? "editing" : "saved");
    if (this.dirty) this.#later(PAUSE);
  }

  /** @param {unknown} error */
  #fail(error) {
    const conflict = error instanceof Conflict;
    this.#to(conflict ? "conflict" : "failed", error);
    if (!conflict) this.#later(RETRY);
  }

  /** @param {number} ms */
  #later(ms) {
    this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(() => void this.flush(), ms);
  }

  /** @param {SaveState} state @param {unknown} [error] */
  #to(state, error = null) {
    this.state = state;
    this.error = error;
    this.#onState();
  }
}
