/**
 * Files that were picked at once, on their way into the queue one by one: how far they have come is
 * shown, and written down, so that what a closed page did not keep can be reported.
 */

/** @import { Picking } from "../../queue/queue.js" */
/** @import { Store } from "../store.js" */
/** @typedef {{picked: () => Promise<{[page: string]: Picking}>, setPicked: (page: string, picking: Picking|null) => Promise<void>}} Memory */
/** @typedef {Pick<LockManager, "request"|"query">} Locks */

const LOCK = "clinicpro-picked-";

export class Picked {
  #store;
  #memory;
  #locks;
  #page = "";
  #all = 0;
  #done = 0;
  #kept = 0;
  #written = Promise.resolve();

  /** @param {Store} store @param {Memory} memory @param {Locks} locks */
  constructor(store, memory, locks) {
    this.#store = store;
    this.#memory = memory;
    this.#locks = locks;
  }

  /**
   * @param {Promise<boolean>[]} line whether each was kept
   * @returns {Promise<void>}
   */
  async follow(line) {
    if (!this.#page) this.#lockPage();
    this.#all += line.length;
    this.#write();
    await Promise.all(line.map((kept) => kept.then((isKept) => this.#countFile(isKept))));
    await this.#written;
  }

  /** What pages that are gone did not keep; reported once. @param {string} owner @returns {Promise<Picking[]>} */
  async lost(owner) {
    const [picked, { held = [] }] = await Promise.all([this.#memory.picked(), this.#locks.query()]);
    const alive = new Set(held.map(({ name }) => name));
    const gone = Object.entries(picked).filter(
      ([page, picking]) => picking.owner === owner && !alive.has(LOCK + page),
    );
    for (const [page] of gone) await this.#memory.setPicked(page, null);
    return gone.map(([, picking]) => picking);
  }

  /** As long as this page lives, so does its lock. */
  #lockPage() {
    this.#page = crypto.randomUUID();
    void this.#locks.request(LOCK + this.#page, () => new Promise(() => {}));
  }

  /** @param {boolean} kept */
  #countFile(kept) {
    this.#done += 1;
    if (kept) this.#kept += 1;
    if (this.#done === this.#all) this.#all = this.#done = this.#kept = 0;
    this.#write();
  }

  #write() {
    const [all, done, kept, page] = [this.#all, this.#done, this.#kept, this.#page];
    this.#store.set({ choosing: all ? { done, all } : null });
    const owner = this.#store.state.owner?.id ?? "";
    // A full storage costs the count, never a photo.
    this.#written = this.#written
      .then(() => this.#memory.setPicked(page, all ? { owner, all, kept } : null))
      .catch(() => {});
  }
}
