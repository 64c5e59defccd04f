/**
 * What the clinician does with kept photos: approve, delete, retry, save a copy. Reads the queue
 * after every change and notices which photos the server has stored, and where the queue knows
 * more about the link than the last probe did.
 */

import { saveFile } from "../../page/dom.js";
import { phone as words } from "../../page/words/phone.js";
import { isMoving, isSendable } from "../../queue/photo-record.js";
import { PhotoBusy } from "../../queue/refusals.js";

/** @import { Queue } from "../../queue/queue.js" */
/** @import { Pause, PhotoSummary } from "../../queue/photo-record.js" */
/** @import { FlowEvent } from "../flow.js" */
/** @import { Store } from "../store.js" */

const STORED_SHOWN = 5000; // ms that a stored photo stays in the list

export class UploadQueue {
  #store;
  #queue;
  #go;
  #worker;
  #reading = Promise.resolve();
  /** Probes the link. @type {() => void} */
  askServer = () => {};

  /**
   * @param {Store} store
   * @param {Queue} queue
   * @param {(event: FlowEvent) => void} go
   * @param {{drain: () => unknown, signedIn: () => unknown}} worker asked to send, in its own time or at once
   */
  constructor(store, queue, go, worker) {
    this.#store = store;
    this.#queue = queue;
    this.#go = go;
    this.#worker = worker;
  }

  /** Reads the queue again; readings never overlap, or one photo would be seen leaving twice. */
  refresh() {
    // A reading that failed must not be the last one.
    this.#reading = this.#reading.catch(() => {}).then(() => this.#read());
    return this.#reading;
  }

  /** @param {string[]} photoIds */
  async upload(photoIds) {
    try {
      await this.#queue.approve(photoIds);
    } catch {
      return this.#store.showMessage(words.uploadFailed);
    }
    const older = this.#store.state.listing.photos.filter(isSendable);
    const batch = new Set([...older.map(({ photoId }) => photoId), ...photoIds]);
    this.#store.set({ batch: [...batch], stored: [] });
    this.#go({ type: "upload", photoIds });
    void this.#worker.drain();
  }

  /** A reconnect ends every wait. @param {boolean} linkUp */
  onLink(linkUp) {
    const { linkUp: before, listing } = this.#store.state;
    this.#store.set({ linkUp });
    if (linkUp && !before && listing.pause?.concerns === "link") this.sendNow();
  }

  /** Everything that waits is tried now. */
  sendNow() {
    this.#worker.signedIn();
  }

  /** @param {string} photoId */
  async retry(photoId) {
    try {
      await this.#queue.retry(photoId);
    } catch {
      return this.#store.showMessage(words.retryFailed);
    }
    void this.#worker.drain();
  }

  /** @param {string} photoId @returns {Promise<boolean>} false while it is being sent */
  async remove(photoId) {
    try {
      await this.#queue.remove(photoId);
    } catch (error) {
      const busy = error instanceof PhotoBusy;
      this.#store.showMessage(busy ? words.deleteBusy : words.deleteFailed);
      return false;
    }
    this.#go({ type: "drop", photoId });
    void this.#worker.drain();
    return true;
  }

  /** @param {string} photoId */
  async saveCopy(photoId) {
    const copy = await this.#queue.exportPhoto(photoId).catch(() => null);
    if (!copy) return this.#store.showMessage(words.copyFailed);
    const { parts, type, name } = copy;
    saveFile(new Blob(parts, { type }), name);
  }

  async #read() {
    const { owner, listing: before } = this.#store.state;
    const listing = await this.#queue.list(owner?.id ?? "").catch(() => before);
    const present = new Set(listing.photos.map(({ photoId }) => photoId));
    const gone = before.photos.filter(({ photoId }) => !present.has(photoId));
    const receipts = await Promise.all(gone.map(({ photoId }) => this.#queue.receipt(photoId)));
    this.#store.set({ listing });
    const isStored = receipts.map((receipt) => receipt?.state === "stored");
    gone.forEach((photo, index) => this.#leave(photo, isStored[index]));
    this.#doubtLink(before.pause, listing.pause, isStored.includes(true));
    const moving = listing.photos.filter(isMoving);
    this.#go({ type: "moving", photoIds: moving.map(({ photoId }) => photoId) });
  }

  /**
   * The rows and the link dot stand side by side: where they would contradict each other the server
   * is asked, once per change, and only its answer changes the dot.
   * @param {Pause|null} before @param {Pause|null} pause @param {boolean} arrived whether a photo was stored
   */
  #doubtLink(before, pause, arrived) {
    const { linkUp } = this.#store.state;
    const lost = pause?.concerns === "link" && pause.reason !== before?.reason;
    if (linkUp ? lost : linkUp === false && arrived) this.askServer();
  }

  /** @param {PhotoSummary} photo no longer listed @param {boolean} isStored else it was deleted, here or elsewhere */
  #leave(photo, isStored) {
    const { photoId } = photo;
    const { justStored, stored, batch } = this.#store.state;
    if (!isStored) {
      this.#store.set({ batch: batch.filter((id) => id !== photoId) });
      return this.#go({ type: "drop", photoId });
    }
    const counts = batch.includes(photoId);
    this.#store.set({
      justStored: [...justStored, photo],
      stored: counts ? [...stored, photoId] : stored,
    });
    setTimeout(() => this.#dropStored(photoId), STORED_SHOWN);
  }

  /** @param {string} photoId */
  #dropStored(photoId) {
    const { justStored } = this.#store.state;
    this.#store.set({ justStored: justStored.filter((photo) => photo.photoId !== photoId) });
  }
}
