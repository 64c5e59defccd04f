/** Shows photos kept on this phone, reading bytes only for what is on the screen. */

export class Pictures {
  #read;
  /** @type {Set<HTMLImageElement>} */
  #shownImages = new Set();
  #observer = new IntersectionObserver(
    (entries) => {
      this.#sweep();
      for (const entry of entries) void this.#turn(entry);
    },
    { rootMargin: "200px" },
  );

  /** @param {(photoId: string) => Promise<ArrayBuffer>} read */
  constructor(read) {
    this.#read = read;
  }

  /** @param {HTMLImageElement} image @param {{photoId: string, contentType: string}} photo */
  attach(image, { photoId, contentType }) {
    image.dataset.source = photoId;
    image.dataset.type = contentType;
    this.#observer.observe(image);
  }

  /** @param {{photoId: string, contentType: string}} photo @returns {Promise<string>} an address to revoke */
  async address({ photoId, contentType }) {
    return URL.createObjectURL(new Blob([await this.#read(photoId)], { type: contentType }));
  }

  /** @param {IntersectionObserverEntry} entry */
  async #turn({ target, isIntersecting }) {
    const image = /** @type {HTMLImageElement} */ (target);
    const { source = "", type = "" } = image.dataset;
    // Behind another screen few pictures stay, and their bytes may be gone when it closes again.
    if (!isIntersecting) return isLaidOut(image) ? this.#release(image) : undefined;
    if (this.#shownImages.has(image)) return;
    // A photo whose bytes are gone keeps its row, without a picture.
    const address = await this.address({ photoId: source, contentType: type }).catch(() => "");
    if (!address) return;
    this.#release(image);
    image.src = address;
    this.#shownImages.add(image);
  }

  /** No event reports rows that left behind another screen. */
  #sweep() {
    for (const image of this.#shownImages) if (!image.isConnected) this.#release(image);
  }

  /** @param {HTMLImageElement} image */
  #release(image) {
    this.#shownImages.delete(image);
    URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
  }
}

/** @param {HTMLImageElement} image */
const isLaidOut = (image) => image.getClientRects().length > 0;
