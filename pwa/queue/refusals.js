/**
 * What the queue refuses, each with a stable code. The page turns codes into sentences.
 *
 *     QueueError
 *     ├── StorageRefused   full | lost | damaged | newer | empty | too-large
 *     ├── PhotoBusy        photo-busy
 *     └── PhotoMissing     photo-missing
 */

class QueueError extends Error {
  /**
   * @param {string} code stable, kebab-case
   * @param {unknown} [cause]
   */
  constructor(code, cause) {
    super(code, { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** The phone could not keep something durably; nothing of it may be called saved. */
export class StorageRefused extends QueueError {}

/** A photo that is being sent can be neither deleted nor replaced. */
export class PhotoBusy extends QueueError {
  constructor() {
    super("photo-busy");
  }
}

/** The queue holds no such photo, or no longer its bytes. */
export class PhotoMissing extends QueueError {
  constructor() {
    super("photo-missing");
  }
}

/**
 * Turns what IndexedDB throws into a refusal with a reason.
 * @param {unknown} error
 * @returns {StorageRefused}
 */
export function refusalOf(error) {
  if (error instanceof StorageRefused) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  return new StorageRefused(name === "QuotaExceededError" ? "full" : "lost", error);
}
