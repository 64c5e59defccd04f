/**
 * The photo lists of the consultations seen so far, with their ETags, in memory only: a needless
 * refetch costs a 304, and going back to a consultation shows it at once.
 */

/** @typedef {import("../../shared/api-types.js").Photo} Photo @typedef {{ etag?: string | null, photos: Photo[] }} Album */

/** The server signs photo addresses for windows of this length. */
const WINDOW = 5 * 60_000;

/** @param {Photo[]} before @param {Photo[]} after @returns {string[]} ids that were not there before */
export function addedIds(before, after) {
  const known = new Set(before.map((photo) => photo.id));
  return after.filter((photo) => !known.has(photo.id)).map((photo) => photo.id);
}

export class Albums {
  /** @type {Map<string, Album>} */
  #albums = new Map();
  /** @type {Map<string, number>} */
  #failed = new Map();
  /** @type {Map<string, number>} */
  #asked = new Map();
  #routes;
  #now;

  /** @param {Pick<import("../shell/routes.js").Routes, "photos">} routes @param {() => number} now */
  constructor(routes, now) {
    this.#routes = routes;
    this.#now = now;
  }

  /** @param {string} id @returns {Photo[] | null} null while nothing is known yet */
  photos(id) {
    return this.#albums.get(id)?.photos ?? null;
  }

  /**
   * Brings one list up to date; an answer that a later request has overtaken is dropped.
   * @param {string} id @returns {Promise<string[]>} ids that are new since the last fetch
   */
  async refresh(id) {
    const asked = (this.#asked.get(id) ?? 0) + 1;
    this.#asked.set(id, asked);
    const before = this.#albums.get(id);
    const { status, data, etag } = await this.#routes.photos(id, before?.etag);
    if (status === 304 || this.#asked.get(id) !== asked) return [];
    this.#albums.set(id, { etag, photos: data.photos });
    return before ? addedIds(before.photos, data.photos) : [];
  }

  /**
   * A photo could not be shown: its address may have run out. True at most once per window and
   * consultation, so that a photo that stays broken never becomes a loop.
   * @param {string} id
   */
  mayRefetch(id) {
    const now = Math.floor(this.#now() / WINDOW);
    if (this.#failed.get(id) === now) return false;
    this.#failed.set(id, now);
    delete this.#albums.get(id)?.etag;
    return true;
  }

  /** @param {string} id @param {(photos: Photo[]) => Photo[]} edit */
  edit(id, edit) {
    const album = this.#albums.get(id);
    if (album) this.#albums.set(id, { photos: edit(album.photos) });
    this.#asked.set(id, (this.#asked.get(id) ?? 0) + 1);
  }
}
