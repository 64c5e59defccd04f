/**
 * The checker of a history: records outside the product what the clinician was shown and did, and
 * reports what contradicts it. It reads the disks and never asks the product.
 */

/** @typedef {"lost" | "doubled" | "misfiled" | "stuck" | "leaked" | "broken"} Kind */

/** Reasons that park a photo after three faults of its own. */
const AFTER_THREE_FAULTS = /^(store-40[03]|size-refused|not-stored|http-418)$/;

export class Checker {
  /** @type {Map<string, any>} photos as they were at the shutter */
  taken = new Map();
  /** Photos that the clinician deleted. @type {Set<string>} */
  deleted = new Set();
  /** Their bytes were damaged by the disk. @type {Set<string>} */
  corrupted = new Set();
  /** A receipt of another photo came for them. @type {Set<string>} */
  mixed = new Set();
  /** Where each may be filed by the clinician's own act. @type {Map<string, string>} */
  filed = new Map();
  /** @type {Map<string, number>} faults that concerned this very photo */
  blamed = new Map();
  /** @type {Map<string, number>} receipts that erased it */
  #receipts = new Map();
  /** @type {Map<Kind, Set<string>>} */
  verdict = new Map();
  /**
   * Receives a trace event for everything the users saw; null without a reader.
   * @type {((event: any) => void) | null}
   */
  write = null;

  get clean() {
    return this.verdict.size === 0;
  }

  /** @param {Kind} kind @param {string} what */
  report(kind, what) {
    this.verdict.set(kind, (this.verdict.get(kind) ?? new Set()).add(what));
  }

  /** @param {string} what */
  broken(what) {
    this.report("broken", what);
  }

  /** @param {any} photo */
  shutter(photo) {
    const { photoId, owner, consultationId, sha256 } = photo;
    this.taken.set(photoId, { ...photo });
    this.filed.set(photoId, consultationId);
    this.write?.({ type: "Shutter", photo: photoId, owner, consultation: consultationId, sha256 });
    this.write?.({ type: "SavedShown", photo: photoId });
  }

  /** @param {string} photoId */
  markDeleted(photoId) {
    this.deleted.add(photoId);
    this.write?.({ type: "DeleteAsked", photo: photoId });
  }

  /** A receipt was written on the phone. @param {string} photoId @param {string} state */
  settled(photoId, state) {
    if (state === "deleted") this.write?.({ type: "Deleted", photo: photoId });
    if (state !== "stored") return;
    this.#receipts.set(photoId, (this.#receipts.get(photoId) ?? 0) + 1);
    this.write?.({ type: "StoredShown", photo: photoId });
  }

  /** An answer reaches the phone: is it the photo's own fault? @param {any} op */
  answered({ type, photoId, about, answer, landed }) {
    const { status, ours, data } = answer;
    if (type === "put") return void (landed || this.blame(photoId));
    if (type === "presign") return this.#answeredBatch(about, answer);
    if (ours && isRefusal(status) && !data) this.blame(photoId);
  }

  /** @param {any[]} about @param {any} answer */
  #answeredBatch(about, { status, data }) {
    if (status === 418 || status === 400) for (const row of about) this.blame(row.photoId);
    for (const { photoId, problem } of data?.results ?? []) if (problem) this.blame(photoId);
  }

  /** @param {string} photoId */
  blame(photoId) {
    this.blamed.set(photoId, (this.blamed.get(photoId) ?? 0) + 1);
  }

  /** A request leaves the phone. @param {string} owner of the photo @param {any} disk @param {string} what */
  requestSent(owner, disk, what) {
    if (disk.owner.signedOut || disk.owner.id !== owner) this.report("leaked", what);
  }

  /** I1, I3, I4, I9 at every instant. @param {Map<string, any>} rows on the phone @param {any} clinic */
  check(rows, clinic) {
    for (const photo of this.taken.values()) {
      const { photoId } = photo;
      const row = rows.get(photoId);
      this.#checkPlace(photo, row, clinic);
      this.#checkFiling(photo, row, clinic.rows.get(photoId));
      if (row) this.#checkState(row, clinic);
      if ((this.#receipts.get(photoId) ?? 0) > 1) this.report("doubled", photoId);
    }
  }

  /** @param {any} photo @param {any} row @param {any} clinic */
  #checkPlace({ photoId, sha256 }, row, clinic) {
    if (this.deleted.has(photoId) || this.corrupted.has(photoId)) return;
    const stored = clinic.rows.get(photoId)?.state === "stored";
    const held = stored ? clinic.objects.get(photoId)?.sha256 : row?.bytes;
    if (held !== sha256) this.report("lost", photoId);
  }

  /** @param {any} photo @param {any} row @param {any} there */
  #checkFiling({ photoId, owner, consultationId, sha256 }, row, there) {
    for (const found of [row, there]) {
      if (!found) continue;
      const asTaken = found.owner === owner && found.consultationId === consultationId;
      if (!asTaken || found.sha256 !== sha256) this.report("misfiled", photoId);
    }
    if (there && there.filedIn !== this.filed.get(photoId)) this.report("misfiled", photoId);
  }

  /** @param {any} row @param {any} clinic */
  #checkState(row, clinic) {
    const { photoId, state, reason, attempt } = row;
    const blamed = this.#blameOf(photoId);
    if (state === "waiting" && !reason) this.broken(`${photoId} waits without a reason`);
    if (state !== "deleting" && attempt > blamed) this.broken(`${photoId} bears the link's blame`);
    if (state === "parked" && !this.#mayPark(photoId, reason, blamed, clinic))
      this.report("stuck", `${photoId} parked: ${reason}`);
  }

  /** @param {string} photoId */
  #blameOf(photoId) {
    return this.corrupted.has(photoId) ? Infinity : (this.blamed.get(photoId) ?? 0);
  }

  /** @param {string} photoId @param {string} reason @param {number} blamed @param {any} clinic */
  #mayPark(photoId, reason, blamed, clinic) {
    if (reason === "invalid-field") return blamed >= 1;
    if (AFTER_THREE_FAULTS.test(reason)) return blamed >= 3;
    if (reason === "record-damaged") return this.corrupted.has(photoId);
    if (reason === "receipt-mismatch") return this.mixed.has(photoId);
    return clinic.poisoned.get(photoId) === reason;
  }

  /** I2, I10: what must hold at rest. @param {Map<string, any>} rows @param {any} clinic */
  checkAtRest(rows, clinic) {
    for (const photoId of this.taken.keys()) {
      const here = rows.get(photoId);
      const stored = clinic.rows.get(photoId)?.state === "stored";
      if (this.deleted.has(photoId)) this.#checkDeletion(photoId, here, stored);
      else if (here && stored) this.report("doubled", photoId);
      else if (here && !this.#restsHere(here, clinic)) this.report("stuck", photoId);
    }
  }

  /** @param {string} photoId @param {any} here @param {boolean} stored */
  #checkDeletion(photoId, here, stored) {
    if (here) this.report("stuck", photoId);
    if (stored) this.report("leaked", `${photoId} came back`);
  }

  /** @param {any} row @param {any} clinic */
  #restsHere({ photoId, state }, clinic) {
    return state === "parked" && (clinic.poisoned.has(photoId) || this.corrupted.has(photoId));
  }

  /**
   * Writes what an inspection finds, for the second checker in `campaigns/checker/history.py`.
   * @param {Map<string, any>} rows @param {any} clinic @param {boolean} atRest
   */
  inspect(rows, clinic, atRest) {
    if (!this.write) return;
    for (const { photoId, state, reason } of rows.values())
      if (state === "parked") this.write({ type: "Parked", photo: photoId, reason });
    this.write({ type: "Look", at_rest: atRest });
    for (const { photoId, owner, consultationId, filedIn, state, sha256 } of clinic.rows.values())
      this.write({
        ...{ type: "Row", photo: photoId, owner, captured_in: consultationId },
        ...{ filed_in: filedIn, state, sha256 },
      });
    for (const { key, sha256 } of clinic.objects.values())
      this.write({ type: "Object", key, sha256 });
    for (const { photoId, bytes } of rows.values())
      if (bytes) this.write({ type: "Local", photo: photoId, sha256: bytes });
  }
}

/** @param {number} status */
const isRefusal = (status) => status >= 400 && status < 500 && status !== 429;
