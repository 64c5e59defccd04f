/**
 * The clinician's answers to which consultation photos belong that were taken after the desktop had
 * gone on. Each is written with the photo; about one that has left review the server asks.
 */
import { askOf } from "./question-view.js";
import { doubtIn } from "./place-doubts.js";
import { namedIn } from "./identity.js";
import { ONE_BY_ONE, PLACE, placingOf } from "./question.js";
import { inReview } from "../store.js";

/** @import { Known } from "./consultation-guard.js" */
/** @import { Doubt } from "./place-doubts.js" */
/** @import { Store } from "../store.js" */
/** @import { Place, PhotoSummary } from "../../queue/photo-record.js" */
/** @typedef {{place: (photoIds: string[], to: Place|null) => Promise<void>}} Places */
/** @typedef {(photo: PhotoSummary) => Promise<HTMLElement|null>} Picture */

export class Placing {
  #store;
  #queue;
  #refresh;
  #saved;
  #picture;
  #ask;

  /**
   * @param {Store} store
   * @param {Places} queue
   * @param {() => Promise<void>} refresh reads the queue again
   * @param {() => Promise<unknown>} saved resolves once no photo is on its way to the queue
   * @param {Picture} picture
   * @param {typeof askOf} [ask]
   */
  constructor(store, queue, refresh, saved, picture, ask = askOf) {
    this.#store = store;
    this.#queue = queue;
    this.#refresh = refresh;
    this.#saved = saved;
    this.#picture = picture;
    this.#ask = ask;
  }

  /** The card was answered. @param {string} choice @param {Doubt|null} [doubt] */
  async answer(choice, doubt = this.#doubt(() => true)) {
    if (!doubt) return;
    if (choice === ONE_BY_ONE) return void (await this.#each(doubt));
    const place = doubt.places.find(({ id }) => PLACE + id === choice);
    if (place) await this.#write(doubt.photos, place);
  }

  /**
   * Those of a consultation that was kept stay with it, unless they may be of a third one: that was not
   * in the question.
   * @param {string} consultationId @param {string|null} over the one that was declined
   */
  async keep(consultationId, over) {
    await this.#saved();
    await this.#refresh();
    const named = [consultationId, over];
    const answered = (/** @type {PhotoSummary} */ photo) =>
      photo.consultationId === consultationId &&
      !!this.#doubt(({ photoId }) => photoId === photo.photoId)?.places.every(({ id }) =>
        named.includes(id),
      );
    const doubt = this.#doubt(answered);
    if (doubt) await this.#write(doubt.photos, null);
  }

  /**
   * Asks in dialogs until none of these photos is in doubt.
   * @param {(photo: PhotoSummary) => boolean} meant
   * @returns {Promise<boolean>} false where no answer was given
   */
  async askAll(meant) {
    for (let doubt = this.#doubt(meant); doubt; doubt = this.#doubt(meant)) {
      const choice = await this.#ask(placingOf(doubt, this.#around()));
      if (!choice) return false;
      if (choice !== ONE_BY_ONE) await this.answer(choice, doubt);
      else if (!(await this.#each(doubt))) return false;
    }
    return true;
  }

  /** One photo after the other, each with its picture. @param {Doubt} doubt */
  async #each({ photos, places }) {
    for (const photo of photos) {
      const one = { photos: [photo], places };
      const picture = (await this.#picture(photo)) ?? undefined;
      const choice = await this.#ask(placingOf(one, this.#around()), picture);
      if (!choice) return false;
      await this.answer(choice, one);
    }
    return true;
  }

  /** @param {PhotoSummary[]} photos @param {Place|null} place */
  async #write(photos, place) {
    await this.#queue.place(
      photos.map(({ photoId }) => photoId),
      place,
    );
    await this.#refresh();
  }

  /** @param {(photo: PhotoSummary) => boolean} meant */
  #doubt(meant) {
    const { state } = this.#store;
    return doubtIn(inReview(state).filter(meant), state.known?.moves ?? []);
  }

  #around() {
    const { state } = this.#store;
    return { known: /** @type {Known} */ (state.known), others: namedIn(state) };
  }
}
