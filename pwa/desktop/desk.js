/**
 * What the desktop knows: the consultations, which takes the next photo, which is shown, its photos.
 * Looking at a consultation never changes where new photos go. Events: "change", "arrived"
 * (detail: ids), "moved" (detail: the consultation that another screen made current; `before` is the one of before).
 */
import { Albums } from "./albums.js";

/** @typedef {import("./shapes.js").Visit} Visit @typedef {import("./shapes.js").Photo} Photo */

export class Desk extends EventTarget {
  /** @type {Visit[]} */
  visits = [];
  /** @type {string | null} the shown consultation */
  shownId = null;
  /** @type {Visit | undefined} what was current before another screen last changed it */
  before;
  /** @type {string | null | undefined} undefined until the server has said it */
  #currentId;
  #routes;
  #albums;
  #asked = 0;
  /** Changes of this page whose answer is still to come; what a list tells meanwhile is their doing. */
  #changing = 0;

  /** @param {import("./routes.js").Routes} routes @param {() => number} [now] */
  constructor(routes, now = Date.now) {
    super();
    this.#routes = routes;
    this.#albums = new Albums(routes, now);
  }

  /** The consultation that the next photo belongs to; with none open, the unfiled one. */
  get current() {
    return (
      this.visits.find((visit) => visit.id === this.#currentId) ??
      this.visits.find((visit) => visit.kind === "unfiled")
    );
  }

  get shown() {
    return this.visits.find((visit) => visit.id === this.shownId);
  }

  get photos() {
    return this.shownId ? this.#albums.photos(this.shownId) : null;
  }

  /**
   * Fetches the consultations and the shown photos, side by side.
   * @param {Promise<unknown>} [ready] the consultations are shown after it
   */
  async refresh(ready) {
    await Promise.all([this.#refreshVisits(ready), this.shownId && this.refreshPhotos()]);
  }

  async refreshPhotos() {
    const id = /** @type {string} */ (this.shownId);
    const arrived = await this.#albums.refresh(id);
    if (id !== this.shownId) return;
    this.#changed();
    if (arrived.length) this.dispatchEvent(new CustomEvent("arrived", { detail: arrived }));
  }

  /** @param {Promise<unknown>} [ready] */
  async #refreshVisits(ready) {
    const asked = ++this.#asked;
    const [{ consultations, currentId }] = await Promise.all([this.#routes.visits(), ready]);
    if (asked !== this.#asked) return;
    const isKnown = this.#currentId !== undefined && !this.#changing;
    const moved = isKnown && currentId !== this.#currentId;
    if (moved) this.before = this.current;
    this.visits = consultations;
    this.#currentId = currentId;
    if (!this.shown && this.current) await this.show(this.current.id);
    this.#changed();
    if (moved) this.dispatchEvent(new CustomEvent("moved", { detail: this.current }));
  }

  /** Shows what is known of a consultation at once, then what the server knows. @param {string} id */
  async show(id) {
    this.shownId = id;
    this.#changed();
    await this.refreshPhotos();
  }

  /** @param {import("./shapes.js").NewVisit} wish */
  async start(wish) {
    const visit = await this.#own(this.#routes.start(wish));
    this.#asked++;
    // A list that was quicker than this answer may name it already.
    this.visits = [visit, ...this.visits.filter(({ id }) => id !== visit.id)];
    this.#currentId = visit.id;
    // Its photos follow; that it is started is certain, and a second start would make a second one.
    void this.show(visit.id).catch(() => {});
  }

  /** Makes a consultation the one that new photos belong to. @param {Visit} visit */
  async choose(visit) {
    const id = visit.kind === "unfiled" ? null : visit.id;
    await this.#own(this.#routes.choose(id));
    this.#asked++;
    this.#currentId = id;
    this.#changed();
  }

  /** @param {string} id @param {boolean} closed */
  async close(id, closed) {
    this.replaceVisit(await this.#own(this.#routes.change(id, { closed })));
    if (closed && this.#currentId === id) this.#currentId = null;
    // What was chosen before it was closed is current again: no other screen has done that.
    if (!closed) this.#currentId = undefined;
    await this.#refreshVisits();
  }

  /** @param {Visit} visit @param {import("./shapes.js").NewVisit} identity */
  async correct(visit, identity) {
    this.replaceVisit(await this.#routes.change(visit.id, identity));
  }

  /** Takes an empty consultation off the list. @param {Visit} visit */
  async discard(visit) {
    await this.#own(this.#routes.discard(visit.id));
    this.visits = this.visits.filter(({ id }) => id !== visit.id);
    if (this.#currentId === visit.id) this.#currentId = null;
    if (this.shownId === visit.id) this.shownId = null;
    await this.#refreshVisits();
  }

  /** @template T @param {Promise<T>} change @returns {Promise<T>} */
  async #own(change) {
    this.#changing++;
    try {
      return await change;
    } finally {
      this.#changing--;
    }
  }

  /** @param {Visit} visit */
  replaceVisit(visit) {
    this.#asked++;
    this.visits = this.visits.map((old) => (old.id === visit.id ? visit : old));
    this.#changed();
  }

  /** @param {Photo} photo */
  replacePhoto(photo) {
    this.#albums.edit(photo.consultationId, (photos) =>
      photos.map((old) => (old.id === photo.id ? { ...photo, url: old.url } : old)),
    );
    this.#changed();
  }

  /** Answers whether a photo is in the right place. @param {Photo} photo @param {boolean} confirmed */
  async confirmPlace(photo, confirmed) {
    this.replacePhoto(await this.#routes.confirmPlace(photo.id, confirmed));
    // The counts of the list follow.
    void this.refresh().catch(() => {});
  }

  /** @param {Photo} photo */
  async remove(photo) {
    await this.#routes.remove(photo.id);
    this.#left(photo);
  }

  /** @param {Photo} photo @param {string} to */
  async move(photo, to) {
    const moved = await this.#routes.move(photo.id, to);
    this.#left(photo);
    return moved;
  }

  /** @param {Photo} photo */
  #left(photo) {
    this.#albums.edit(photo.consultationId, (all) => all.filter(({ id }) => id !== photo.id));
    this.#changed();
    // The counts follow; that the photo is gone is already certain.
    void this.refresh().catch(() => {});
  }

  /** A shown photo failed to load; asks once for new addresses. @returns {boolean} whether it asks */
  photoFailed() {
    return this.shownId !== null && this.#albums.mayRefetch(this.shownId);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
