/**
 * The queue as the replay sees it. Every change reads the row again in its own transaction, so that
 * what the page did meanwhile always wins; bytes are erased only together with the receipt.
 */

import { GatheredWrites } from "./overlap/gathered-writes.js";
import { LONGEST_WAIT_MS } from "./retry-policy.js";
import { deletePhoto, deleteUnsent } from "../photo-store.js";
import { RULES, isMoving, mayLeave, readableBytes } from "../photo-record.js";
import { localDay } from "../listing.js";
import { sha256Hex } from "../hash.js";
import { withLimit } from "../../shared/clock.js";
import { verifyReceipt } from "./receipts.js";
import { recordOfActiveUser, activeUserIn } from "../active-user.js";

/** @import { Changes, Notice } from "../changes.js" */
/** @import { Database, WriteTransaction } from "../database.js" */
/** @import { Pause, PhotoRecord } from "../photo-record.js" */
/** @import { Receipt } from "../../shared/api-types.js" */
/** @import { StatusUpdate, PauseStatus, Row, Settled } from "./state.js" */

/** Far longer than any disk needs for four megabytes. */
const READ_LIMIT_MS = 15_000;
/** How browsers say that the file of a value is gone or cannot be read. */
const LOST = new Set(["NotReadableError", "NotFoundError", "DataError"]);

/** @typedef {{record: PhotoRecord, bytes: ArrayBuffer} | {refused: "changed" | "record-damaged"}} Claim */
/** @typedef {{bytes: unknown, sha256: string | null}} StoredBytes as they were read; no hash where there are none */

export class QueueStore {
  #database;
  #writes;
  #changes;
  #now;
  #announcing = false;

  /**
   * @param {{database: Database, changes: Changes}} queue
   * @param {() => number} [wall] milliseconds since 1970
   */
  constructor(queue, wall = Date.now) {
    this.#database = queue.database;
    this.#writes = new GatheredWrites(queue.database);
    this.#changes = queue.changes;
    this.#now = wall;
  }

  /** @returns {Promise<string | null>} whose photos may be sent now */
  activeUser() {
    return this.#database.read(["meta"], activeUserIn);
  }

  /**
   * Called once by the holder of the lock: nothing can be on its way, so what a killed run left as
   * moving waits its turn again, and may be deleted again.
   */
  async recover() {
    await this.#database.write(["photos"], async (tx) => {
      const photos = tx.objectStore("photos");
      const left = (await photos.getAll()).filter(isMoving);
      const rest = left.map((record) => ({
        ...record,
        sent: record.sent || record.state === "confirming",
        state: /** @type {const} */ ("queued"),
      }));
      await Promise.all(rest.map((record) => photos.put(record)));
    });
  }

  /**
   * @param {string} owner
   * @returns {Promise<Row[]>} what is to be sent or deleted, in the order of the shutters
   */
  async load(owner) {
    // An older state of a photo than the core has asked for would look like a user's retry.
    await this.#writes.written();
    const records = await this.#database.read(["photos"], (tx) =>
      tx.objectStore("photos").index("owner").getAll(owner),
    );
    const wanted = records.filter((record) => mayLeave(record) || record.state === "deleting");
    return wanted.sort((a, b) => a.seq - b.seq).map((record) => this.#row(record));
  }

  /**
   * Written before the request leaves: from now on a URL may exist.
   * @param {string[]} photoIds
   * @param {string} owner
   * @returns {Promise<PhotoRecord[]>} those that are still to be sent
   */
  markSigned(photoIds, owner) {
    return this.#writes.write(["photos", "meta"], async (tx) => {
      if ((await activeUserIn(tx)) !== owner) return [];
      const photos = tx.objectStore("photos");
      const found = await Promise.all(photoIds.map((photoId) => photos.get(photoId)));
      const wanted = found.filter((record) => record?.owner === owner && mayLeave(record));
      const signed = wanted.map((record) => ({ ...record, everSigned: true }));
      await Promise.all(signed.map((record) => photos.put(record)));
      return signed;
    });
  }

  /**
   * Reads the bytes of a photo and hashes them again: what leaves the phone is what was taken.
   * @param {string} photoId
   * @returns {Promise<StoredBytes>}
   */
  async readBytes(photoId) {
    const asked = this.#database.read(["bytes"], (tx) => tx.objectStore("bytes").get(photoId));
    const bytes = await withLimit(asked, READ_LIMIT_MS, "bytes");
    return { bytes, sha256: bytes instanceof ArrayBuffer ? await sha256Hex(bytes) : null };
  }

  /**
   * Hands out the bytes of one photo and marks it as being sent, unless it was deleted meanwhile.
   * @param {string} photoId
   * @param {string} owner
   * @param {StatusUpdate[]} updates written along
   * @param {Promise<StoredBytes | null> | null} [ahead] what was read before its turn
   * @returns {Promise<Claim>}
   */
  async claimPhoto(photoId, owner, updates, ahead = null) {
    const claimed = this.#writes.write(["photos", "meta"], async (tx) => {
      await this.#writeStatus(tx, updates);
      const record = await recordOfActiveUser(tx, photoId, owner);
      if (!record || !mayLeave(record)) return null;
      await tx.objectStore("photos").put({ ...record, state: "sending", nextTryAt: null });
      return record;
    });
    const record = await claimed;
    this.#changed();
    if (!record) return { refused: "changed" };
    // Other bytes than these may have been kept since they were read.
    const bytes =
      wholeBytes(record, await ahead) ?? wholeBytes(record, await this.#readInTurn(photoId));
    return bytes ? { record, bytes } : { refused: "record-damaged" };
  }

  /**
   * Where the browser has lost what it kept, this photo is refused and no other one waits for it. On any
   * other error it is not being sent any more: until the next run it can be deleted and taken again.
   * @param {string} photoId
   * @returns {Promise<StoredBytes | null>}
   */
  async #readInTurn(photoId) {
    try {
      return await this.readBytes(photoId);
    } catch (error) {
      if (error instanceof Error && LOST.has(error.name)) return null;
      await this.#writes.write(["photos"], async (tx) => {
        const record = await tx.objectStore("photos").get(photoId);
        if (record?.state !== "sending") return;
        await tx.objectStore("photos").put({ ...record, state: "queued" });
      });
      this.#changed();
      throw error;
    }
  }

  /**
   * @param {string} photoId
   * @param {string} owner
   * @returns {Promise<PhotoRecord | null>} null when it is gone, or not the signed-in user's
   */
  readRecord(photoId, owner) {
    // Asked for with the next photo's claim, it costs no transaction of its own.
    return this.#writes.write(["photos", "meta"], (tx) => recordOfActiveUser(tx, photoId, owner));
  }

  /** @param {StatusUpdate[]} updates */
  async writeStatus(updates) {
    await this.#writes.write(["photos"], (tx) => this.#writeStatus(tx, updates));
    this.#changed();
  }

  /**
   * Erases a photo in the very transaction that writes its receipt, if the receipt matches it.
   * @param {string} photoId
   * @param {Receipt | null} receipt null when the server never knew a photo deleted here
   * @returns {Promise<Settled>}
   */
  async settlePhoto(photoId, receipt) {
    const stores = /** @type {const} */ (["photos", "bytes", "receipts", "meta"]);
    const settled = await this.#writes.write([...stores], async (tx) => {
      const record = await tx.objectStore("photos").get(photoId);
      if (!record) return "missing";
      const verdict = verifyReceipt(record, receipt, await activeUserIn(tx));
      if (verdict !== "stored" && verdict !== "deleted") return verdict;
      if (receipt) await tx.objectStore("receipts").put(this.#receiptRow(receipt));
      await (verdict === "stored" ? deletePhoto(tx, photoId) : deleteUnsent(tx, record));
      return verdict;
    });
    this.#changed();
    return settled;
  }

  /** @param {PauseStatus | null} status */
  async writePause(status) {
    await this.#writes.write(["meta"], async (tx) => {
      const meta = tx.objectStore("meta");
      if (!status) return meta.delete("pause");
      const { inMs, ...pause } = status;
      /** @type {Pause | undefined} */
      const before = await meta.get("pause");
      const since = before?.reason === status.reason ? before.since : undefined;
      await meta.put({ ...pause, nextTryAt: this.#at(inMs), since: since ?? this.#now() }, "pause");
    });
    this.#changed();
  }

  /** @returns {Promise<PauseStatus | null>} as the run before left it */
  async readPause() {
    /** @type {Pause | undefined} */
    const pause = await this.#meta("pause");
    if (!pause) return null;
    const { concerns, reason, attempt, nextTryAt } = pause;
    return { concerns, reason, attempt, inMs: this.#waitMs(nextTryAt) };
  }

  /** The holder of the lock is alive. */
  async writeHeartbeat() {
    await this.#writes.write(["meta"], (tx) =>
      tx.objectStore("meta").put(this.#now(), "heartbeat"),
    );
  }

  /** @returns {Promise<number>} ms since the last heartbeat; infinite if there never was one */
  async msSinceHeartbeat() {
    const beat = await this.#meta("heartbeat");
    // A clock that was set back must not make a dead holder look alive.
    return beat === undefined ? Infinity : Math.abs(this.#now() - beat);
  }

  /**
   * @param {(notice: Notice) => void} listener
   * @returns {() => void}
   */
  listen(listener) {
    return this.#changes.listen(listener);
  }

  /**
   * @param {WriteTransaction} tx
   * @param {StatusUpdate[]} updates
   */
  async #writeStatus(tx, updates) {
    const photos = tx.objectStore("photos");
    const records = await Promise.all(updates.map(({ photoId }) => photos.get(photoId)));
    for (const [i, { inMs, ...status }] of updates.entries()) {
      const record = records[i];
      if (!record || (record.state === "deleting" && status.state !== "deleting")) continue;
      const rules = status.state === "parked" ? { rules: RULES } : {};
      await photos.put({ ...record, ...status, ...rules, nextTryAt: this.#at(inMs) });
    }
  }

  /** @param {string} key */
  #meta(key) {
    return this.#database.read(["meta"], (tx) => tx.objectStore("meta").get(key));
  }

  /**
   * @param {PhotoRecord} record
   * @returns {Row}
   */
  #row(record) {
    const { photoId, seq, sent, state, reason, attempt, equal, nextTryAt } = record;
    const action = state === "deleting" ? "delete" : "send";
    const waitMs = this.#waitMs(nextTryAt);
    const proven = record.rules === RULES;
    return { photoId, seq, action, sent, state, reason, attempt, equal, waitMs, proven };
  }

  /**
   * @param {Receipt} receipt
   * @returns {import("../database.js").ReceiptRow}
   */
  #receiptRow(receipt) {
    const { photoId, state, owner, consultationId, filedIn, sha256, receivedAt, late } = receipt;
    const day = state === "stored" ? localDay(this.#now()) : "";
    return { photoId, state, owner, consultationId, filedIn, sha256, receivedAt, late, day };
  }

  /** @param {number | null} inMs */
  #at(inMs) {
    return inMs === null ? null : this.#now() + Math.ceil(inMs);
  }

  /** @param {number | null} nextTryAt */
  #waitMs(nextTryAt) {
    const left = (nextTryAt ?? 0) - this.#now();
    // The phone's clock may have jumped since: no wait outlives the longest backoff.
    return left > LONGEST_WAIT_MS ? 0 : Math.max(0, left);
  }

  /** One message for everything that one transaction has changed. */
  #changed() {
    if (this.#announcing) return;
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      this.#changes.publish({ type: "changed", by: "replay" });
    });
  }
}

/**
 * @param {PhotoRecord} record
 * @param {StoredBytes | null} read
 * @returns {ArrayBuffer | null} null where these are not the bytes of this record
 */
function wholeBytes(record, read) {
  return read && read.sha256 === record.sha256 ? readableBytes(record, read.bytes) : null;
}
