/** Shows photos kept on this phone, reading bytes only for what is on the screen. */

export class Pictures {
  #read;
  #observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#turn(entry)), {
    rootMargin: "200px",
  });

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
    if (!isIntersecting) return release(image);
    // A photo whose bytes are gone keeps its row, without a picture.
    const address = await this.address({ photoId: source, contentType: type }).catch(() => "");
    release(image);
    if (address) image.src = address;
  }
}

/** @param {HTMLImageElement} image */
function release(image) {
  URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
}
