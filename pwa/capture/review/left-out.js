/**
 * The photos in review that are not to be uploaded. It outlives a reload, since a photo that was left
 * out must not go with the next Upload only because the page was opened again.
 */

const KEY = "review-left-out";
// Ids of photos that are long gone are pushed out by newer ones.
const MOST = 500;

export class LeftOut {
  #storage;
  /** @type {Set<string>} */
  #ids;

  /** @param {Pick<Storage, "getItem" | "setItem">} [storage] */
  constructor(storage = localStorage) {
    this.#storage = storage;
    this.#ids = new Set(read(storage));
  }

  /** @param {string} photoId */
  has(photoId) {
    return this.#ids.has(photoId);
  }

  /** @param {string} photoId @param {boolean} out */
  set(photoId, out) {
    this.#ids[out ? "add" : "delete"](photoId);
    this.#write();
  }

  #write() {
    try {
      this.#storage.setItem(KEY, JSON.stringify([...this.#ids].slice(-MOST)));
    } catch {
      // A full storage costs the memory of the tick, never a photo.
    }
  }
}

/** @param {Pick<Storage, "getItem">} storage @returns {string[]} */
function read(storage) {
  try {
    const ids = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(ids) ? ids : [];
  } catch {
    return [];
  }
}
