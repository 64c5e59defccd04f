/**
 * Reads and hashes the photo after the one that is being sent, so that the link does not wait for
 * the disk. At most one, in memory only: whether it may leave is asked when its turn has come.
 */

/** @import { QueueStore, StoredBytes } from "../queue-store.js" */

export class ReadAhead {
  #queueStore;
  /** @type {{photoId: string, read: Promise<StoredBytes | null>} | null} */
  #next = null;

  /** @param {QueueStore} queueStore */
  constructor(queueStore) {
    this.#queueStore = queueStore;
  }

  /** @param {string | null} photoId null if none is known to be next */
  begin(photoId) {
    if (photoId === null || this.#next?.photoId === photoId) return;
    // What cannot be read now is read again at its turn.
    const read = this.#queueStore.readBytes(photoId).catch(() => null);
    this.#next = { photoId, read };
  }

  /**
   * @param {string} photoId
   * @returns {Promise<StoredBytes | null> | null} null if another one was read, which is dropped
   */
  take(photoId) {
    const next = this.#next;
    this.#next = null;
    return next?.photoId === photoId ? next.read : null;
  }
}
