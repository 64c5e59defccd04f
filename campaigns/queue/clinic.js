/**
 * The server and the object store of a history: what the HTTP contract promises, in memory. It
 * answers requests and never looks at the phone.
 */

const URL_LIFE_MS = 300_000;

/**
 * @typedef {object} Request
 * @property {"presign" | "put" | "complete" | "delete"} kind
 * @property {string | null} user who is signed in where it was made
 * @property {string} photoId of put, complete, delete
 * @property {any} [url] of put: what presign handed out
 * @property {string} [sha256] of put: of the bytes as they arrive
 * @property {any[]} [photos] of presign
 * @property {any} [claim] of complete
 */

/** @typedef {{status: number, code?: string, data?: any}} Answer */

export class Clinic {
  /** @type {Map<string, any>} */
  rows = new Map();
  /** @type {Map<string, {key: string, sha256: string}>} by photo id */
  objects = new Map();
  /** Photos whose bytes no decoder takes. @type {Map<string, string>} and with which code */
  poisoned = new Map();
  /** Consultations by user; the first is the unfiled one. @type {Map<string, any[]>} */
  consultations = new Map();
  /** @type {Map<string, any>} what the desktops chose */
  current = new Map();
  /** Called with each object that was taken as new. @type {(key: string, sha256: string) => void} */
  onPut = () => {};

  /** @param {string[]} users */
  constructor(users) {
    for (const user of users) {
      const made = ["unfiled", "knee", "hand", "back"].map((label) => ({
        id: `${user}-${label}`,
        label,
        kind: label === "unfiled" ? "unfiled" : "visit",
        openedAt: "",
      }));
      this.consultations.set(user, made);
      this.current.set(user, null);
    }
  }

  /** @param {string} user @returns {{current: any, unfiled: any}} */
  known(user) {
    return { current: this.current.get(user), unfiled: this.consultations.get(user)?.[0] };
  }

  /** @param {Request} request @param {number} now @returns {Answer} */
  handle(request, now) {
    if (request.kind === "put") return this.#put(request, now);
    if (request.user === null) return { status: 401, code: "unauthenticated" };
    if (request.kind === "presign") return this.#presign(request, now);
    const row = this.rows.get(request.photoId);
    if (request.kind === "delete") return this.#delete(request, row);
    return this.#complete(request, row);
  }

  /** @param {Request} request @param {number} now */
  #presign({ user, photos = [] }, now) {
    return { status: 200, data: { results: photos.map((photo) => this.#grant(user, photo, now)) } };
  }

  /** @param {string | null} user @param {any} photo @param {number} now */
  #grant(user, photo, now) {
    const { photoId, owner, consultationId, sha256 } = photo;
    if (owner !== user) return problem(photoId, 409, "other-owner");
    if (!this.#owns(user, consultationId)) return problem(photoId, 404, "consultation-not-found");
    const fresh = { photoId, owner, consultationId, filedIn: consultationId, sha256 };
    const row = this.rows.get(photoId) ?? { ...fresh, state: "pending" };
    this.rows.set(photoId, row);
    if (!same(row, { user, consultationId, sha256 }))
      return problem(photoId, 409, "photo-conflict");
    if (row.state !== "pending") return { photoId, receipt: receipt(row) };
    const key = `consultations/${consultationId}/${photoId}.jpg`;
    const url = { key, photoId, sha256, signedAt: now };
    return { photoId, upload: { url, method: "PUT", headers: {}, expiresIn: 300 } };
  }

  /** @param {Request} request @param {number} now */
  #put({ url, sha256 = "" }, now) {
    if (now - url.signedAt > URL_LIFE_MS) return { status: 403 };
    if (sha256 !== url.sha256) return { status: 400 };
    if (this.objects.has(url.photoId)) return { status: 412 };
    this.objects.set(url.photoId, { key: url.key, sha256 });
    // A tombstoned key may be taken again by a URL that still lives; the sweeper erases it.
    if (this.rows.get(url.photoId)?.state === "pending") this.onPut(url.key, sha256);
    return { status: 200 };
  }

  /** @param {Request} request @param {any} row */
  #complete({ user, claim }, row) {
    if (claim.owner !== user) return { status: 409, code: "other-owner" };
    if (!row || row.owner !== user) return { status: 404, code: "photo-not-found" };
    if (!same(row, { user, ...claim })) return { status: 409, code: "photo-conflict" };
    if (row.state !== "pending") return { status: 200, data: receipt(row) };
    if (!this.objects.has(row.photoId)) return { status: 409, code: "not-uploaded" };
    const poison = this.poisoned.get(row.photoId);
    if (poison) return { status: 422, code: poison };
    row.state = "stored";
    return { status: 200, data: receipt(row) };
  }

  /** @param {Request} request @param {any} row */
  #delete({ user }, row) {
    if (!row || row.owner !== user) return { status: 404, code: "photo-not-found" };
    row.state = "deleted";
    this.objects.delete(row.photoId);
    return { status: 200, data: receipt(row) };
  }

  /** Finishes what a silent phone left, erases what is tombstoned. */
  sweep() {
    for (const row of this.rows.values()) {
      if (row.state === "deleted") this.objects.delete(row.photoId);
      if (row.state !== "pending" || !this.objects.has(row.photoId)) continue;
      if (!this.poisoned.has(row.photoId)) row.state = "stored";
    }
  }

  /** @param {string | null} user @param {string} consultationId */
  #owns(user, consultationId) {
    return this.consultations.get(user ?? "")?.some(({ id }) => id === consultationId) ?? false;
  }
}

/** @param {any} row @param {any} claim */
function same(row, { user, consultationId, sha256 }) {
  return row.owner === user && row.consultationId === consultationId && row.sha256 === sha256;
}

/** @param {string} photoId @param {number} status @param {string} code */
const problem = (photoId, status, code) => ({ photoId, problem: { status, code } });

/** @param {any} row */
const receipt = ({ photoId, state, owner, consultationId, filedIn, sha256 }) => ({
  ...{ photoId, state, owner, consultationId, filedIn, sha256 },
  receivedAt: "2026-11-22T10:41:05.000Z",
  late: false,
});
