/**
 * What the desktop knows: the consultations, which takes the next photo, which is shown, its photos.
 * Looking at a consultation never changes where new photos go. Events: "change", "arrived"
 * (detail: ids), "moved" (detail: the consultation that another screen made current; `before` is the one of before).
 */
import { Albums } from "./gallery/albums.js";

/** @typedef {import("../shared/api-types.js").Consultation} Consultation @typedef {import("../shared/api-types.js").Photo} Photo */

export class Desk extends EventTarget {
  /** @type {Consultation[]} */
  consultations = [];
  /** @type {string | null} the shown consultation */
  shownId = null;
  /** @type {Consultation | undefined} what was current before another screen last changed it */
  before;
  /** @type {string | null | undefined} undefined until the server has answered */
  #currentId;
  #routes;
  #albums;
  #asked = 0;
  /** Changes of this page without an answer yet; a list that differs meanwhile differs because of them. */
  #changing = 0;

  /** @param {import("./shell/routes.js").Routes} routes @param {() => number} [now] */
  constructor(routes, now = Date.now) {
    super();
    this.#routes = routes;
    this.#albums = new Albums(routes, now);
  }

  /** The consultation that the next photo belongs to; with none open, the unfiled one. */
  get current() {
    return (
      this.consultations.find((consultation) => consultation.id === this.#currentId) ??
      this.consultations.find((consultation) => consultation.kind === "unfiled")
    );
  }

  get shown() {
    return this.consultations.find((consultation) => consultation.id === this.shownId);
  }

  get photos() {
    return this.shownId ? this.#albums.photos(this.shownId) : null;
  }

  /**
   * Fetches the consultations and the shown photos, side by side.
   * @param {Promise<unknown>} [ready] the consultations are shown after it
   */
  async refresh(ready) {
    await Promise.all([this.#refreshConsultations(ready), this.shownId && this.refreshPhotos()]);
  }

  async refreshPhotos() {
    const id = /** @type {string} */ (this.shownId);
    const arrived = await this.#albums.refresh(id);
    if (id !== this.shownId) return;
    this.#changed();
    if (arrived.length) this.dispatchEvent(new CustomEvent("arrived", { detail: arrived }));
  }

  /** @param {Promise<unknown>} [ready] */
  async #refreshConsultations(ready) {
    const asked = ++this.#asked;
    const [{ consultations, currentId }] = await Promise.all([this.#routes.consultations(), ready]);
    if (asked !== this.#asked) return;
    const isKnown = this.#currentId !== undefined && !this.#changing;
    const moved = isKnown && currentId !== this.#currentId;
    if (moved) this.before = this.current;
    this.consultations = consultations;
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

  /** @param {import("../shared/api-types.js").NewConsultation} identity */
  async start(identity) {
    const consultation = await this.#own(this.#routes.start(identity));
    this.#asked++;
    // A list that was quicker than this answer may name it already.
    this.consultations = [
      consultation,
      ...this.consultations.filter(({ id }) => id !== consultation.id),
    ];
    this.#currentId = consultation.id;
    // Its photos follow; that it is started is certain, and a second start would make a second one.
    void this.show(consultation.id).catch(() => {});
  }

  /** Makes a consultation the one that new photos belong to. @param {Consultation} consultation */
  async choose(consultation) {
    const id = consultation.kind === "unfiled" ? null : consultation.id;
    await this.#own(this.#routes.choose(id));
    this.#asked++;
    this.#currentId = id;
    this.#changed();
  }

  /** @param {string} id @param {boolean} closed */
  async close(id, closed) {
    this.replaceConsultation(await this.#own(this.#routes.change(id, { closed })));
    if (closed && this.#currentId === id) this.#currentId = null;
    // What was chosen before it was closed is current again: no other screen has done that.
    if (!closed) this.#currentId = undefined;
    await this.#refreshConsultations();
  }

  /** @param {Consultation} consultation @param {import("../shared/api-types.js").NewConsultation} identity */
  async correct(consultation, identity) {
    this.replaceConsultation(await this.#routes.change(consultation.id, identity));
  }

  /** Takes an empty consultation off the list. @param {Consultation} consultation */
  async discard(consultation) {
    await this.#own(this.#routes.discard(consultation.id));
    this.consultations = this.consultations.filter(({ id }) => id !== consultation.id);
    if (this.#currentId === consultation.id) this.#currentId = null;
    if (this.shownId === consultation.id) this.shownId = null;
    await this.#refreshConsultations();
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

  /** @param {Consultation} consultation */
  replaceConsultation(consultation) {
    this.#asked++;
    this.consultations = this.consultations.map((old) =>
      old.id === consultation.id ? consultation : old,
    );
    this.#changed();
  }

  /** @param {Photo} photo */
  replacePhoto(photo) {
    this.#albums.edit(photo.consultationId, (photos) =>
      photos.map((old) => {
        if (old.id !== photo.id) return old;
        return { ...photo, url: old.url, thumbnailUrl: old.thumbnailUrl };
      }),
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
    this.#removeFromAlbum(photo);
  }

  /** @param {Photo} photo @param {string} to */
  async move(photo, to) {
    const moved = await this.#routes.move(photo.id, to);
    this.#removeFromAlbum(photo);
    return moved;
  }

  /** @param {Photo} photo */
  #removeFromAlbum(photo) {
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
