/**
 * What has been typed and is not on the server yet, by the id of what it belongs to. Text that
 * could not be saved survives a reload and a sign-in in this tab, for the same account only.
 */
import { Autosave } from "./autosave.js";

/** @typedef {import("./autosave.js").Fields} Fields */

/** Unsaved text of one tab, in session storage: gone with the tab, and as soon as it is saved. */
export class DraftBox {
  #storage;
  #name;
  #userId;

  /** @param {Storage} storage @param {string} name @param {string} userId */
  constructor(storage, name, userId) {
    this.#storage = storage;
    this.#name = `cp.unsaved.${name}`;
    this.#userId = userId;
  }

  /** @returns {Record<string, Fields>} */
  read() {
    const { owner, drafts } = JSON.parse(this.#storage.getItem(this.#name) ?? "{}");
    return owner === this.#userId ? drafts : {};
  }

  /** @param {Record<string, Fields>} drafts */
  write(drafts) {
    if (Object.keys(drafts).length === 0) return this.#storage.removeItem(this.#name);
    this.#storage.setItem(this.#name, JSON.stringify({ owner: this.#userId, drafts }));
  }
}

/**
 * Fires "state" when the state of any draft changes, and "restored" once: what was kept is back, and
 * unsaved text can be stored. No field should take text before that.
 */
export class Drafts extends EventTarget {
  /** @type {Map<string, Autosave>} */
  #saves = new Map();
  /** @type {DraftBox | null} */
  #box = null;
  #send;
  #clock;

  /**
   * @param {(id: string, fields: Fields) => Promise<void>} send
   * @param {import("./autosave.js").Timer} [clock]
   */
  constructor(send, clock) {
    super();
    this.#send = send;
    this.#clock = clock;
  }

  /** Takes up what an earlier page of this tab could not save. @param {DraftBox} box */
  restore(box) {
    for (const [id, fields] of Object.entries(box.read())) this.edit(id, fields);
    this.#box = box;
    this.dispatchEvent(new Event("restored"));
  }

  get isRestored() {
    return this.#box !== null;
  }

  /** @param {string} id @param {Fields} fields */
  edit(id, fields) {
    this.#saveOf(id).edit(fields);
  }

  /** @param {string} id */
  state(id) {
    return this.#saves.get(id)?.state;
  }

  /** @param {string} id @returns {unknown} */
  error(id) {
    return this.#saves.get(id)?.error;
  }

  /** @param {string} id @returns {Fields} */
  unsaved(id) {
    return this.#saves.get(id)?.unsaved ?? {};
  }

  /** @param {string} id @param {Fields} fields */
  resolve(id, fields) {
    this.#saves.get(id)?.resolve(fields);
  }

  /** Saves one, or all. @param {string} [id] @returns {Promise<boolean>} whether all is saved */
  async flush(id) {
    const saves = id ? [this.#saves.get(id)] : [...this.#saves.values()];
    const done = await Promise.all(saves.map((save) => save?.flush() ?? true));
    return done.every(Boolean);
  }

  get dirty() {
    return [...this.#saves.values()].some((save) => save.dirty);
  }

  /** Stores the unsaved text for the next page of this tab. */
  keep() {
    const dirty = [...this.#saves].filter(([, save]) => save.dirty);
    this.#box?.write(Object.fromEntries(dirty.map(([id, save]) => [id, save.unsaved])));
  }

  /** @param {string} id */
  #saveOf(id) {
    const known = this.#saves.get(id);
    if (known) return known;
    const made = new Autosave(
      (fields) => this.#send(id, fields),
      () => this.#changed(made),
      this.#clock,
    );
    this.#saves.set(id, made);
    return made;
  }

  /** @param {Autosave} save */
  #changed(save) {
    if (save.state !== "editing" && save.state !== "saving") this.keep();
    this.dispatchEvent(new Event("state"));
  }
}
