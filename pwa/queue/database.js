/**
 * The phone's database: four stores, every write strict, one reopening when the browser drops the
 * connection. Work handed to `read` and `write` may run twice, so it must only touch its transaction.
 */

import { openDB } from "../vendor/idb.js";
import { StorageRefused } from "./refusals.js";

/** @import { Receipt } from "../shared/api-types.js" */
/** @import { PhotoRecord } from "./photo-record.js" */

/** @typedef {Receipt & {day: string}} ReceiptRow with the local date of this phone when it came, for the line "n stored today" */

/**
 * @typedef {object} Schema
 * @property {{key: string, value: PhotoRecord, indexes: {seq: number, owner: string}}} photos
 * @property {{key: string, value: ArrayBuffer}} bytes
 * @property {{key: string, value: ReceiptRow, indexes: {day: [string, string]}}} receipts
 * @property {{key: string, value: any}} meta owner, consultation, pause, heartbeat, lastSeq, and the keys of inventory.js
 */

/** @typedef {"photos" | "bytes" | "receipts" | "meta"} StoreName */
/** @typedef {import("idb").IDBPDatabase<any>} Connection */
/** @typedef {import("idb").IDBPTransaction<any, any, "readwrite">} WriteTransaction */
/** @typedef {import("idb").IDBPTransaction<any, any, "readonly">} ReadTransaction */

export const DATABASE_NAME = "clinicpro-capture";
const SCHEMA_VERSION = 1;

/** A dead connection shows itself by these (WebKit: "Connection to Indexed Database server lost"). */
const LOST = new Set(["InvalidStateError", "UnknownError"]);

export class Database {
  #name;
  /** @type {Promise<Connection> | null} */
  #connection = null;

  /** @param {string} [name] */
  constructor(name = DATABASE_NAME) {
    this.#name = name;
  }

  /**
   * @template T
   * @param {StoreName[]} stores
   * @param {(tx: ReadTransaction) => Promise<T>} work
   * @returns {Promise<T>}
   */
  read(stores, work) {
    return this.#retrying(async (db) => runTransaction(db.transaction(stores, "readonly"), work));
  }

  /**
   * Resolves only after the commit was made durable; rejects with nothing written otherwise.
   * @template T
   * @param {StoreName[]} stores
   * @param {(tx: WriteTransaction) => Promise<T>} work
   * @returns {Promise<T>}
   */
  write(stores, work) {
    const options = /** @type {const} */ ({ durability: "strict" });
    return this.#retrying(async (db) =>
      runTransaction(db.transaction(stores, "readwrite", options), work),
    );
  }

  async close() {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.then(
      (db) => db.close(),
      () => undefined,
    );
  }

  /**
   * @template T
   * @param {(db: Connection) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #retrying(work) {
    try {
      return await work(await this.#connect());
    } catch (error) {
      if (!isLost(error)) throw error;
      await this.close();
      return work(await this.#connect());
    }
  }

  #connect() {
    this.#connection ??= this.#open().catch((error) => {
      this.#connection = null;
      throw error;
    });
    return this.#connection;
  }

  async #open() {
    try {
      return await openDB(this.#name, SCHEMA_VERSION, {
        upgrade,
        // A newer page wants to upgrade: stepping aside at once keeps it from hanging.
        blocking: () => void this.close(),
        terminated: () => void (this.#connection = null),
      });
    } catch (error) {
      // Written by a newer version of the app: what it holds must not be touched by this one.
      if (nameOf(error) === "VersionError") throw new StorageRefused("newer", error);
      throw error;
    }
  }
}

/**
 * @param {Connection} db
 * @param {number} from version found on this phone, 0 for none
 */
function upgrade(db, from) {
  if (from >= 1) return;
  const photos = db.createObjectStore("photos", { keyPath: "photoId" });
  photos.createIndex("seq", "seq", { unique: true });
  photos.createIndex("owner", "owner");
  db.createObjectStore("bytes");
  db.createObjectStore("receipts", { keyPath: "photoId" }).createIndex("day", ["owner", "day"]);
  db.createObjectStore("meta");
}

/**
 * @template T
 * @template {ReadTransaction | WriteTransaction} X
 * @param {X} tx
 * @param {(tx: X) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function runTransaction(tx, work) {
  const done = tx.done;
  // The reason comes out through the failed request or through `await done` below.
  done.catch(() => undefined);
  try {
    const result = await work(tx);
    await done;
    return result;
  } catch (error) {
    abort(tx);
    throw error;
  }
}

/** @param {ReadTransaction | WriteTransaction} tx */
function abort(tx) {
  try {
    tx.abort();
  } catch {
    // It had ended by itself; there is nothing left to undo.
  }
}

/** @param {unknown} error */
const isLost = (error) => LOST.has(nameOf(error));

/** @param {unknown} error */
const nameOf = (error) => (error instanceof Object && "name" in error ? String(error.name) : "");
