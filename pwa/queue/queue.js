/**
 * The queue as pages see it: photos go in durably, are listed, approved, retried, exported and
 * deleted. Nothing here sends; nothing here erases a photo that the server may hold.
 */

import { Changes } from "./changes.js";
import { Database } from "./database.js";
import { sha256Hex } from "./hash.js";
import {
  markDeleted,
  storePhoto,
  bindingOf,
  verifyStored,
  readBytes,
  replaceBytes,
} from "./photo-store.js";
import { listPhotos, localDay } from "./listing.js";
import { FRESH, MOST_BYTES, isMoving, newRecord, withPlace } from "./photo-record.js";
import { PhotoBusy, PhotoMissing, StorageRefused, refusalOf } from "./refusals.js";

/** @import { Capture, PhotoRecord, Place } from "./photo-record.js" */
/** @import { Listing } from "./listing.js" */
/** @import { ReceiptRow } from "./database.js" */

/**
 * @typedef {object} Owner the last user who signed in on this phone
 * @property {string} id
 * @property {string | null} name
 * @property {boolean} [signedOut] nothing is sent for a user who signed out
 * @property {string} [pendingSignOut] the session that the server has not ended yet
 */

/** @typedef {{owner: string, all: number, kept: number}} Picking counts alone: a file's name may identify a patient */

/**
 * @param {{name?: string, wall?: () => number}} [options] database name and clock, for tests
 * @returns {Promise<Queue>} rejects with StorageRefused when the phone offers no usable storage
 */
export async function openQueue({ name, wall = Date.now } = {}) {
  const database = new Database(name);
  const queue = new Queue(database, new Changes(), wall);
  try {
    await queue.owner();
  } catch (error) {
    await queue.close();
    throw refusalOf(error);
  }
  return queue;
}

/** @param {Owner} owner @returns {Owner} */
function nameless({ id, pendingSignOut }) {
  return { id, name: null, signedOut: true, ...(pendingSignOut ? { pendingSignOut } : {}) };
}

export class Queue {
  #now;

  /**
   * @param {Database} database
   * @param {Changes} changes
   * @param {() => number} wall
   */
  constructor(database, changes, wall) {
    this.database = database;
    this.changes = changes;
    this.#now = wall;
  }

  /**
   * Keeps a photo: written strictly, read back and hashed again before this resolves.
   * @param {Capture} capture
   * @returns {Promise<PhotoRecord>}
   * @throws {StorageRefused} and then the photo is not kept
   */
  async add(capture) {
    const size = capture.bytes.byteLength;
    if (size === 0 || size > MOST_BYTES) throw new StorageRefused(size ? "too-large" : "empty");
    const draft = newRecord(capture, await sha256Hex(capture.bytes));
    try {
      const record = await storePhoto(this.database, draft, capture.bytes);
      await verifyStored(this.database, record);
      this.#changed();
      return record;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /**
   * Whether the same picture waits here for the same consultation, or was stored for it today.
   * @param {Pick<Capture, "owner" | "consultationId" | "bytes">} capture
   * @returns {Promise<"here" | "stored" | null>}
   */
  async findDuplicate({ owner, consultationId, bytes }) {
    const sha256 = await sha256Hex(bytes);
    const isTwin = (/** @type {PhotoRecord | ReceiptRow} */ other) =>
      other.sha256 === sha256 && other.consultationId === consultationId;
    return this.database.read(["photos", "receipts"], async (tx) => {
      const today = [owner, localDay(this.#now())];
      const [photos, receipts] = await Promise.all([
        tx.objectStore("photos").index("owner").getAll(owner),
        tx.objectStore("receipts").index("day").getAll(today),
      ]);
      if (photos.some((photo) => photo.state !== "deleting" && isTwin(photo))) return "here";
      return receipts.some((row) => row.state === "stored" && isTwin(row)) ? "stored" : null;
    });
  }

  /**
   * How far the files that were picked at once have come, by the page that keeps them.
   * @returns {Promise<{[page: string]: Picking}>}
   */
  async picked() {
    return (await this.#meta("picked")) ?? {};
  }

  /**
   * @param {string} page
   * @param {Picking | null} picking null once none is left
   */
  async setPicked(page, picking) {
    await this.database.write(["meta"], async (tx) => {
      const meta = tx.objectStore("meta");
      const { [page]: _, ...others } = (await meta.get("picked")) ?? {};
      await meta.put(picking ? { ...others, [page]: picking } : others, "picked");
    });
  }

  /**
   * @param {string} owner
   * @returns {Promise<Listing>}
   */
  list(owner) {
    return listPhotos(this.database, owner, localDay(this.#now()));
  }

  /**
   * @param {string} photoId
   * @returns {Promise<ArrayBuffer>}
   * @throws {PhotoMissing}
   */
  async bytes(photoId) {
    return (await this.#readWhole(photoId)).bytes;
  }

  /**
   * A copy for the user to keep elsewhere; its name contains nothing about the patient.
   * @param {string} photoId
   * @returns {Promise<{parts: ArrayBuffer[], type: string, name: string}>}
   */
  async exportPhoto(photoId) {
    const { record, bytes } = await this.#readWhole(photoId);
    const ending = record.contentType === "image/webp" ? "webp" : "jpg";
    return { parts: [bytes], type: record.contentType, name: `${photoId}.${ending}` };
  }

  /**
   * The server's receipt for a photo that has left the queue.
   * @param {string} photoId
   * @returns {Promise<ReceiptRow | null>}
   */
  async receipt(photoId) {
    const row = await this.database.read(["receipts"], (tx) =>
      tx.objectStore("receipts").get(photoId),
    );
    return row ?? null;
  }

  /**
   * Photos in review go on their way.
   * @param {string[]} photoIds
   */
  async approve(photoIds) {
    await this.#edit(photoIds, (record) =>
      record.state === "captured" ? { ...record, state: "queued" } : record,
    );
  }

  /**
   * A photo kept larger than any server takes goes on as a smaller picture; nothing else is replaced.
   * @param {PhotoRecord} record as it was listed
   * @param {Pick<Capture, "bytes" | "contentType" | "width" | "height">} smaller
   * @returns {Promise<boolean>} whether it did
   */
  async shrink(record, smaller) {
    const rests = record.state === "captured" || record.state === "parked";
    if (!rests || record.size <= MOST_BYTES || smaller.bytes.byteLength > MOST_BYTES) return false;
    const whole = await this.#readWhole(record.photoId);
    if (whole.record.sha256 !== record.sha256) return false;
    const done = await replaceBytes(this.database, whole.record, smaller);
    if (done) await this.retry(record.photoId);
    this.#changed();
    return done;
  }

  /**
   * The clinician's answer to whose these photos are; those that have left review stay as they are.
   * @param {string[]} photoIds
   * @param {Place | null} to null where they stay
   */
  async place(photoIds, to) {
    const at = new Date(this.#now()).toISOString();
    await this.#edit(photoIds, (record) => withPlace(record, to, at));
  }

  /**
   * A parked or waiting photo starts afresh.
   * @param {string} photoId
   */
  async retry(photoId) {
    await this.#edit([photoId], (record) =>
      record.state === "parked" || record.state === "waiting"
        ? { ...record, ...FRESH, sent: record.sent, state: "queued" }
        : record,
    );
  }

  /**
   * The clinician's own confirmed deletion. A photo that never had a URL is gone at once; any other
   * stays as a row without bytes until the server has confirmed.
   * @param {string} photoId
   * @returns {Promise<"erased" | "deleting">}
   * @throws {PhotoBusy} while it is being sent
   */
  async remove(photoId) {
    const outcome = await this.database.write(["photos", "bytes", "meta"], async (tx) => {
      const record = await tx.objectStore("photos").get(photoId);
      if (!record) return "erased";
      if (isMoving(record)) throw new PhotoBusy();
      return markDeleted(tx, record);
    });
    this.#changed();
    return outcome;
  }

  /**
   * Takes the place of a photo after its retake is durable: the new one belongs to the consultation
   * of the old one, and the old one goes, in one transaction.
   * @param {string} newId
   * @param {string} oldId
   * @returns {Promise<"replaced" | "gone">} gone: the old one had left meanwhile, and both remain
   */
  async replaceAfterRetake(newId, oldId) {
    const outcome = await this.database.write(["photos", "bytes", "meta"], async (tx) => {
      const photos = tx.objectStore("photos");
      const [taken, old] = await Promise.all([photos.get(newId), photos.get(oldId)]);
      if (!taken) throw new PhotoMissing();
      if (!old) return "gone";
      if (isMoving(old)) throw new PhotoBusy();
      await photos.put({ ...taken, ...bindingOf(old), retakeOf: oldId });
      await markDeleted(tx, old);
      return "replaced";
    });
    this.#changed();
    return outcome;
  }

  /** @returns {Promise<Owner | null>} */
  owner() {
    return this.#meta("owner");
  }

  /** @param {Owner | null} owner */
  setOwner(owner) {
    return this.#setMeta("owner", owner);
  }

  /**
   * A sign-out removes the consultation and the user's name; the owner's id, and the session that
   * must still be ended, remain.
   */
  async eraseUser() {
    await this.database.write(["meta"], async (tx) => {
      const meta = tx.objectStore("meta");
      const owner = await meta.get("owner");
      await meta.delete("consultation");
      if (owner) await meta.put(nameless(owner), "owner");
    });
    this.#changed();
  }

  /** @returns {Promise<any>} the last current consultation, with `confirmedAt` */
  consultation() {
    return this.#meta("consultation");
  }

  /**
   * An answer that comes after the sign-out is not written.
   * @param {any} consultation
   */
  async setConsultation(consultation) {
    await this.database.write(["meta"], async (tx) => {
      const meta = tx.objectStore("meta");
      const owner = await meta.get("owner");
      if (owner?.signedOut) return;
      await meta.put(consultation, "consultation");
    });
    this.#changed();
  }

  /** "Send now", a reconnect, a new sign-in: whatever waits stops waiting. */
  async retryNow() {
    await this.database.write(["photos", "meta"], async (tx) => {
      await tx.objectStore("meta").delete("pause");
      const photos = tx.objectStore("photos");
      const waiting = (await photos.getAll()).filter((record) => record.nextTryAt !== null);
      await Promise.all(waiting.map((record) => photos.put({ ...record, nextTryAt: null })));
    });
    this.changes.publish({ type: "hurry" });
  }

  /**
   * Calls back after changes made anywhere; a slow callback is called once for many changes.
   * @param {() => unknown} callback
   * @returns {() => void} stops watching
   */
  watch(callback) {
    return this.changes.watch(callback);
  }

  async close() {
    this.changes.close();
    await this.database.close();
  }

  /** @param {string} photoId */
  async #readWhole(photoId) {
    const record = await this.database.read(["photos"], (tx) =>
      tx.objectStore("photos").get(photoId),
    );
    if (!record) throw new PhotoMissing();
    return { record, bytes: await readBytes(this.database, record) };
  }

  /**
   * @param {string[]} photoIds
   * @param {(record: PhotoRecord) => PhotoRecord} change
   */
  async #edit(photoIds, change) {
    await this.database.write(["photos"], async (tx) => {
      const photos = tx.objectStore("photos");
      for (const photoId of photoIds) {
        const record = await photos.get(photoId);
        if (record) await photos.put(change(record));
      }
    });
    this.#changed();
  }

  /** @param {string} key */
  async #meta(key) {
    return (await this.database.read(["meta"], (tx) => tx.objectStore("meta").get(key))) ?? null;
  }

  /**
   * @param {string} key
   * @param {unknown} value
   */
  async #setMeta(key, value) {
    await this.database.write(["meta"], (tx) => tx.objectStore("meta").put(value, key));
    this.#changed();
  }

  #changed() {
    this.changes.publish({ type: "changed", by: "page" });
  }
}
