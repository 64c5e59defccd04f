/**
 * Which address a tile shows: the thumbnail's, and the photo's own where there is no thumbnail or it does
 * not load. Signed addresses change all the time; a picture that is there keeps the one it came from.
 */

/** @typedef {{ url: string, thumbnailUrl?: string | null }} Addresses a server of before knows no thumbnails */

export class PictureSource {
  /** @type {Addresses | null} */
  #latest = null;
  #triedUrl = "";
  #isThumbnail = false;
  #isBroken = false;

  /** Whether what is shown is the photo itself. */
  get isPhoto() {
    return !this.#isThumbnail;
  }

  /** @param {Addresses} addresses @returns {string | null} the address to show, null to leave what is there */
  offer(addresses) {
    this.#latest = addresses;
    return this.#triedUrl && !this.#isBroken ? null : this.#try();
  }

  /** What was shown did not load. @returns {string | null} what to show instead; null until other addresses come */
  failed() {
    if (!this.#latest) return null;
    if (this.#isThumbnail) return this.#show(this.#latest.url, false);
    this.#isBroken = true;
    return this.#try();
  }

  #try() {
    const { url, thumbnailUrl } = /** @type {Addresses} */ (this.#latest);
    if (url === this.#triedUrl) return null;
    return this.#show(thumbnailUrl || url, Boolean(thumbnailUrl));
  }

  /** @param {string} address @param {boolean} isThumbnail */
  #show(address, isThumbnail) {
    this.#triedUrl = /** @type {Addresses} */ (this.#latest).url;
    this.#isThumbnail = isThumbnail;
    this.#isBroken = false;
    return address;
  }
}
