/**
 * What the clinician does with kept photos: approve, delete, retry, save a copy. Reads the queue
 * after every change and notices which photos have become the server's.
 */

/** @import { Queue } from "../queue/queue.js" */
/** @import { PhotoSummary } from "../queue/record.js" */
/** @import { FlowEvent } from "./flow.js" */
/** @import { Store } from "./store.js" */

const FAREWELL = 5000; // ms that a stored photo stays in the list

export class Queueing {
  #store;
  #queue;
  #go;
  #drain;

  /**
   * @param {Store} store
   * @param {Queue} queue
   * @param {(event: FlowEvent) => void} go
   * @param {() => unknown} drain asks for a replay
   */
  constructor(store, queue, go, drain) {
    this.#store = store;
    this.#queue = queue;
    this.#go = go;
    this.#drain = drain;
  }

  async refresh() {
    const { owner, listing: before } = this.#store.state;
    const listing = await this.#queue.list(owner?.id ?? "");
    this.#store.set({ listing });
    const present = new Set(listing.photos.map(({ photoId }) => photoId));
    for (const photo of before.photos) if (!present.has(photo.photoId)) await this.#gone(photo);
    const moving = listing.photos.filter(
      ({ state }) => state === "sending" || state === "confirming",
    );
    this.#go({ type: "moving", photoIds: moving.map(({ photoId }) => photoId) });
  }

  /** @param {string[]} photoIds */
  async upload(photoIds) {
    this.#store.set({ stored: [] });
    this.#go({ type: "upload", photoIds });
    await this.#queue.approve(photoIds);
    this.#drain();
  }

  /** Somebody signed in: what waited for that goes on. */
  async resume() {
    await this.refresh();
    await (this.#store.state.listing.pause ? this.sendNow() : this.#drain());
  }

  /** A reconnect ends every wait. @param {boolean} linkUp */
  async hearLink(linkUp) {
    const { linkUp: before, listing } = this.#store.state;
    this.#store.set({ linkUp });
    if (linkUp && !before && listing.pause?.concerns === "link") await this.sendNow();
  }

  /** Whatever waits is tried now. */
  async sendNow() {
    await this.#queue.hurry();
    this.#drain();
  }

  /** @param {string} photoId */
  async retry(photoId) {
    await this.#queue.retry(photoId);
    this.#drain();
  }

  /** @param {string} photoId @returns {Promise<boolean>} false while it is being sent */
  async remove(photoId) {
    try {
      await this.#queue.remove(photoId);
    } catch {
      return false;
    }
    this.#go({ type: "drop", photoId });
    this.#drain();
    return true;
  }

  /** @param {string} photoId */
  async saveCopy(photoId) {
    const { parts, type, name } = await this.#queue.exportPhoto(photoId);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    link.click();
    // The download reads the address later than this turn.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** @param {PhotoSummary} photo no longer listed: stored, or deleted here or elsewhere */
  async #gone(photo) {
    const receipt = await this.#queue.receipt(photo.photoId);
    if (receipt?.state !== "stored") return this.#go({ type: "drop", photoId: photo.photoId });
    const { left, stored, flow } = this.#store.state;
    const ours = flow.batch.includes(photo.photoId);
    this.#store.set({
      left: [...left, photo],
      stored: ours ? [...stored, photo.photoId] : stored,
    });
    setTimeout(() => this.#forget(photo.photoId), FAREWELL);
  }

  /** @param {string} photoId */
  #forget(photoId) {
    const { left } = this.#store.state;
    this.#store.set({ left: left.filter((photo) => photo.photoId !== photoId) });
  }
}
