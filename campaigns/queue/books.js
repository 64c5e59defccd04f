/**
 * The oracle of a history: what the clinician was shown and did, kept outside the product, and what
 * that accuses of. It looks at disks and never asks the product whether it lost something.
 */

/** @typedef {"lost" | "doubled" | "misfiled" | "stuck" | "leaked" | "broken"} Kind */

/** Reasons that park a photo after so many faults of its own. */
const THRICE = /^(store-40[03]|size-refused|not-stored|http-418)$/;

export class Books {
  /** @type {Map<string, any>} photos as they were at the shutter */
  taken = new Map();
  /** The clinician wished them gone. @type {Set<string>} */
  unwanted = new Set();
  /** Their bytes were damaged by the disk. @type {Set<string>} */
  rotten = new Set();
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
  /** A line for each thing that people saw; only where somebody reads it. @type {((event: any) => void) | null} */
  write = null;

  get clean() {
    return this.verdict.size === 0;
  }

  /** @param {Kind} kind @param {string} what */
  accuse(kind, what) {
    this.verdict.set(kind, (this.verdict.get(kind) ?? new Set()).add(what));
  }

  /** @param {string} what */
  broken(what) {
    this.accuse("broken", what);
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
  unwant(photoId) {
    this.unwanted.add(photoId);
    this.write?.({ type: "DeleteAsked", photo: photoId });
  }

  /** A receipt was written on the phone. @param {string} photoId @param {string} state */
  settled(photoId, state) {
    if (state === "deleted") this.write?.({ type: "Deleted", photo: photoId });
    if (state !== "stored") return;
    this.#receipts.set(photoId, (this.#receipts.get(photoId) ?? 0) + 1);
    this.write?.({ type: "StoredShown", photo: photoId });
  }

  /** An answer is about to be told: is it the photo's own fault? @param {any} op */
  told({ type, photoId, about, answer, landed }) {
    const { status, ours, data } = answer;
    if (type === "put") return void (landed || this.blame(photoId));
    if (type === "presign") return this.#toldBatch(about, answer);
    if (ours && status >= 400 && status < 500 && status !== 429 && !data) this.blame(photoId);
  }

  /** @param {any[]} about @param {any} answer */
  #toldBatch(about, { status, data }) {
    if (status === 418 || status === 400) for (const row of about) this.blame(row.photoId);
    for (const { photoId, problem } of data?.results ?? []) if (problem) this.blame(photoId);
  }

  /** @param {string} photoId */
  blame(photoId) {
    this.blamed.set(photoId, (this.blamed.get(photoId) ?? 0) + 1);
  }

  /** A request leaves the phone. @param {string} owner of the photo @param {any} disk @param {string} what */
  leaves(owner, disk, what) {
    if (disk.owner.signedOut || disk.owner.id !== owner) this.accuse("leaked", what);
  }

  /** I1, I3, I4, I9 at every instant. @param {Map<string, any>} rows on the phone @param {any} clinic */
  judge(rows, clinic) {
    for (const photo of this.taken.values()) {
      const { photoId } = photo;
      const row = rows.get(photoId);
      this.#judgePlace(photo, row, clinic);
      this.#judgeFiling(photo, row, clinic.rows.get(photoId));
      if (row) this.#judgeShown(row, clinic);
      if ((this.#receipts.get(photoId) ?? 0) > 1) this.accuse("doubled", photoId);
    }
  }

  /** @param {any} photo @param {any} row @param {any} clinic */
  #judgePlace({ photoId, sha256 }, row, clinic) {
    if (this.unwanted.has(photoId) || this.rotten.has(photoId)) return;
    const object = clinic.objects.get(photoId);
    const stored = clinic.rows.get(photoId)?.state === "stored";
    if (stored && object?.sha256 !== sha256) this.accuse("lost", photoId);
    if (!stored && row?.bytes !== sha256) this.accuse("lost", photoId);
  }

  /** @param {any} photo @param {any} row @param {any} there */
  #judgeFiling({ photoId, owner, consultationId, sha256 }, row, there) {
    for (const found of [row, there]) {
      if (!found) continue;
      const asTaken = found.owner === owner && found.consultationId === consultationId;
      if (!asTaken || found.sha256 !== sha256) this.accuse("misfiled", photoId);
    }
    if (there && there.filedIn !== this.filed.get(photoId)) this.accuse("misfiled", photoId);
  }

  /** @param {any} row @param {any} clinic */
  #judgeShown(row, clinic) {
    const { photoId, state, reason, attempt } = row;
    const blamed = this.rotten.has(photoId) ? Infinity : (this.blamed.get(photoId) ?? 0);
    if (state === "waiting" && !reason) this.broken(`${photoId} waits without a reason`);
    if (state !== "deleting" && attempt > blamed) this.broken(`${photoId} bears the link's blame`);
    if (state === "parked" && !this.#mayPark(photoId, reason, blamed, clinic))
      this.accuse("stuck", `${photoId} parked: ${reason}`);
  }

  /** @param {string} photoId @param {string} reason @param {number} blamed @param {any} clinic */
  #mayPark(photoId, reason, blamed, clinic) {
    if (reason === "invalid-field") return blamed >= 1;
    if (THRICE.test(reason)) return blamed >= 3;
    if (reason === "record-damaged") return this.rotten.has(photoId);
    if (reason === "receipt-mismatch") return this.mixed.has(photoId);
    return clinic.poisoned.get(photoId) === reason;
  }

  /** I2, I10: what must hold when nothing moves any more. @param {Map<string, any>} rows @param {any} clinic */
  judgeAtRest(rows, clinic) {
    for (const { photoId } of this.taken.values()) {
      const here = rows.has(photoId);
      const there = clinic.rows.get(photoId)?.state;
      const parked = clinic.poisoned.has(photoId) || this.rotten.has(photoId);
      if (this.unwanted.has(photoId)) {
        if (here) this.accuse("stuck", photoId);
        if (there === "stored") this.accuse("leaked", `${photoId} came back`);
      } else if (here && there === "stored") this.accuse("doubled", photoId);
      else if (here && !(parked && rows.get(photoId).state === "parked"))
        this.accuse("stuck", photoId);
    }
  }

  /** What an inspection finds, for a second oracle. @param {Map<string, any>} rows @param {any} clinic @param {boolean} atRest */
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
