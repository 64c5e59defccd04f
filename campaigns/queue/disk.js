/**
 * The phone's disk in a core history: what the queue and its store promise, each method one
 * transaction.
 */

import { LONGEST_WAIT_MS } from "../../pwa/queue/replay/retry-policy.js";
import { mayBeOver } from "../../pwa/queue/errors.js";

const MOVING = new Set(["sending", "confirming"]);
const SENDABLE = new Set(["queued", "sending", "confirming", "waiting"]);
const FRESH = { reason: null, attempt: 0, equal: 0, nextTryAt: null };

/** @param {any} row */
export const mayLeave = ({ state, reason }) =>
  SENDABLE.has(state) || (state === "parked" && mayBeOver(reason));

export class Disk {
  /** @type {Map<string, any>} */
  rows = new Map();
  /** @type {{id: string, signedOut: boolean}} */
  owner;
  /** @type {any} */
  pause = null;
  beat = -Infinity;
  #product;
  #now;

  /**
   * @param {import("./product.js").Product} product
   * @param {() => number} now
   * @param {string} user
   */
  constructor(product, now, user) {
    this.#product = product;
    this.#now = now;
    this.owner = { id: user, signedOut: false };
  }

  // What the page does.

  /** @param {any} photo */
  add(photo) {
    const fresh = { ...FRESH, sent: false, everSigned: false };
    this.rows.set(photo.photoId, { ...photo, ...fresh, state: "queued", bytes: photo.sha256 });
  }

  /** @param {any} row @returns {"busy" | "erased" | "deleting"} */
  remove(row) {
    if (MOVING.has(row.state)) return "busy";
    if (row.everSigned) Object.assign(row, FRESH, { state: "deleting", bytes: null });
    else this.rows.delete(row.photoId);
    return row.everSigned ? "deleting" : "erased";
  }

  retry() {
    for (const row of this.#own(this.owner.id)) {
      if (row.state === "parked" || row.state === "waiting")
        Object.assign(row, FRESH, { state: "queued" });
    }
  }

  retryNow() {
    this.pause = null;
    for (const row of this.rows.values()) row.nextTryAt = null;
  }

  // What the replay does.

  activeUser() {
    return this.owner.signedOut ? null : this.owner.id;
  }

  recover() {
    for (const row of this.rows.values()) {
      if (!MOVING.has(row.state)) continue;
      Object.assign(row, { sent: row.sent || row.state === "confirming", state: "queued" });
    }
  }

  /** @param {string} owner */
  load(owner) {
    return this.#own(owner)
      .filter((row) => mayLeave(row) || row.state === "deleting")
      .map((row) => ({
        ...row,
        action: row.state === "deleting" ? "delete" : "send",
        waitMs: this.#waitMs(row.nextTryAt),
        proven: true,
      }));
  }

  /** @param {string[]} photoIds @param {string} owner */
  markSigned(photoIds, owner) {
    const rows = photoIds.map((id) => this.rows.get(id)).filter((row) => this.#sends(row, owner));
    for (const row of rows) row.everSigned = true;
    return rows.map((row) => ({ ...row }));
  }

  /** @param {string} photoId @param {string} owner @param {any[]} updates @param {string} [ahead] bytes read before */
  claim(photoId, owner, updates, ahead) {
    this.writeStatus(updates);
    const row = this.rows.get(photoId);
    if (!this.#sends(row, owner)) return { refused: "changed" };
    Object.assign(row, { state: "sending", nextTryAt: null });
    const bytes = [ahead, row.bytes].find((read) => read === row.sha256);
    return bytes ? { record: { ...row, bytes } } : { refused: "record-damaged" };
  }

  /** @param {string} photoId @param {string} owner */
  record(photoId, owner) {
    const row = this.rows.get(photoId);
    return row && this.#product.mine(row, owner) && this.activeUser() === owner ? { ...row } : null;
  }

  /** @param {any[]} updates */
  writeStatus(updates) {
    for (const { inMs, ...update } of updates) {
      const row = this.rows.get(update.photoId);
      if (!row || (row.state === "deleting" && update.state !== "deleting")) continue;
      Object.assign(row, update, { nextTryAt: this.#at(inMs) });
    }
  }

  /** @param {string} photoId @param {any} receipt */
  settlePhoto(photoId, receipt) {
    const row = this.rows.get(photoId);
    if (!row) return "missing";
    const verdict = this.#product.verifyReceipt(row, receipt, this.activeUser());
    if (verdict === "stored" || verdict === "deleted") this.rows.delete(photoId);
    return verdict;
  }

  /** @param {any} pause */
  setPause(pause) {
    this.pause = pause && { ...pause, nextTryAt: this.#at(pause.inMs) };
  }

  paused() {
    return this.pause && { ...this.pause, inMs: this.#waitMs(this.pause.nextTryAt) };
  }

  msSinceHeartbeat() {
    return Math.abs(this.#now() - this.beat);
  }

  /** @param {string} owner */
  #own(owner) {
    return [...this.rows.values()].filter((row) => this.#product.mine(row, owner));
  }

  /** @param {any} row @param {string} owner */
  #sends(row, owner) {
    const mine = row && this.#product.mine(row, owner) && this.activeUser() === owner;
    return mine && mayLeave(row);
  }

  /** @param {number | null} inMs */
  #at(inMs) {
    return inMs === null ? null : this.#now() + Math.ceil(inMs);
  }

  /** @param {number | null} nextTryAt */
  #waitMs(nextTryAt) {
    const left = (nextTryAt ?? 0) - this.#now();
    return left > LONGEST_WAIT_MS ? 0 : Math.max(0, left);
  }
}
