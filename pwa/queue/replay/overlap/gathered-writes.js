/**
 * The replay's writes, one transaction at a time: what is asked for while one is under way goes
 * into the next one together, in the order in which it was asked for.
 */

/** @import { Database, StoreName, WriteTransaction } from "../../database.js" */

/** @typedef {(tx: WriteTransaction) => Promise<any>} Work may run twice, and only touches its transaction */
/** @typedef {{stores: StoreName[], work: Work, resolve: (result: any) => void, reject: (error: unknown) => void}} Asked */

export class GatheredWrites {
  #database;
  /** @type {Asked[]} */
  #asked = [];
  /** @type {Promise<void> | null} */
  #writing = null;

  /** @param {Database} database */
  constructor(database) {
    this.#database = database;
  }

  /**
   * @template T
   * @param {StoreName[]} stores
   * @param {(tx: WriteTransaction) => Promise<T>} work
   * @returns {Promise<T>} once it is durable
   */
  write(stores, work) {
    return new Promise((resolve, reject) => {
      this.#asked.push({ stores, work, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** @returns {Promise<void>} once everything asked for until now was written or has failed */
  async written() {
    await this.#writing;
  }

  async #writeAll() {
    // One step of the core asks for several writes, one after the other.
    await null;
    while (this.#asked.length > 0) await this.#writeTogether(this.#asked.splice(0));
    this.#writing = null;
  }

  /** @param {Asked[]} asked */
  async #writeTogether(asked) {
    const stores = [...new Set(asked.flatMap((one) => one.stores))];
    try {
      const results = await this.#database.write(stores, (tx) => runAll(asked, tx));
      asked.forEach(({ resolve }, i) => resolve(results[i]));
    } catch (error) {
      // Alone, what can be written is written: a receipt is not lost for the sake of another photo.
      if (asked.length === 1) asked[0].reject(error);
      else for (const one of asked) await this.#writeTogether([one]);
    }
  }
}

/**
 * One after the other, since each may depend on what the one before has written.
 * @param {Asked[]} asked
 * @param {WriteTransaction} tx
 */
async function runAll(asked, tx) {
  const results = [];
  for (const { work } of asked) results.push(await work(tx));
  return results;
}
