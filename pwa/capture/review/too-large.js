/**
 * Photos that an older version of this page kept larger than any server takes: each is encoded again,
 * smaller, and goes on. Where that fails it stays as it is, to be saved as a copy.
 */
import { MOST_BYTES } from "../../queue/photo-record.js";
import { encodeFile } from "../camera/encode.js";

/** @import { Queue } from "../../queue/queue.js" */
/** @import { PhotoSummary } from "../../queue/photo-record.js" */
/** @import { ImageSettings } from "../camera/encode.js" */

export class TooLarge {
  #queue;
  #settings;
  #drain;
  #encode;
  /** Tried in this page; what failed once fails again. @type {Set<string>} */
  #tried = new Set();

  /**
   * @param {Pick<Queue, "bytes" | "shrink">} queue
   * @param {() => ImageSettings} settings
   * @param {() => unknown} drain
   * @param {typeof encodeFile} [encode]
   */
  constructor(queue, settings, drain, encode = encodeFile) {
    this.#queue = queue;
    this.#settings = settings;
    this.#drain = drain;
    this.#encode = encode;
  }

  /** @param {PhotoSummary[]} photos as they are listed */
  async encodeAgain(photos) {
    const found = photos.filter(
      ({ size, state, photoId }) =>
        size > MOST_BYTES &&
        (state === "parked" || state === "captured") &&
        !this.#tried.has(photoId),
    );
    for (const photo of found) this.#tried.add(photo.photoId);
    for (const photo of found) if (await this.#shrink(photo).catch(() => false)) this.#drain();
  }

  /** @param {PhotoSummary} photo */
  async #shrink(photo) {
    const bytes = await this.#queue.bytes(photo.photoId);
    const file = new File([bytes], photo.photoId, { type: photo.contentType });
    return this.#queue.shrink(photo, await this.#encode(file, this.#settings()));
  }
}
