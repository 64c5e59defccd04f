/** What the camera, the encoder and the storage report, turned into messages for the clinician. */
import { readOut } from "../page/toasts.js";
import { phone as words } from "../page/words/phone.js";
import { withLimit } from "../shared/clock.js";
import { hasSpace } from "./camera/shots.js";
import { inReview } from "./store.js";
import { askDurable, isDurable } from "./device-features.js";

/** @import { CameraState } from "./camera/camera.js" */
/** @import { FlowEvent } from "./flow.js" */
/** @import { Frozen } from "./camera/shots.js" */
/** @import { Store } from "./store.js" */

const ESTIMATE = 3000; // ms; a browser that does not answer is trusted

export class CaptureStatus {
  #store;
  #go;
  #receipt;
  #asked = false;

  /**
   * @param {Store} store
   * @param {(event: FlowEvent) => void} go
   * @param {(photoId: string) => Promise<{state: string}|null>} receipt the server's answer about a photo that has left
   */
  constructor(store, go, receipt) {
    this.#store = store;
    this.#go = go;
    this.#receipt = receipt;
  }

  /** Where photos may be cleared, or do not fit, is shown before the first of them is taken. */
  async begin() {
    const [durable] = await Promise.all([isDurable(), this.#checkRoom()]);
    this.#store.set({ durable });
  }

  /** @param {CameraState} camera */
  camera(camera) {
    this.#store.set({ camera });
    if (camera === "starting") void this.#checkRoom();
    // By now the camera itself is allowed: a browser that asks about storage asks one thing at a time.
    if (camera === "live") void this.#askDurable();
    const works = !(camera in words.cameraProblems);
    if (!works && !this.#store.state.images.choosePhotos)
      this.#go({ type: "fail", reason: "no-input" });
  }

  /** @param {Frozen} photo */
  saved({ photoId, retakeOf }) {
    // The list is read again a moment later: it may have this photo or the one it replaces, or not.
    const others = inReview(this.#store.state).filter(
      (photo) => photo.photoId !== photoId && photo.photoId !== retakeOf,
    );
    readOut(words.kept(others.length + 1));
    void this.#checkRoom();
  }

  /** @param {number} unsaved photos that are in memory only */
  refused(unsaved) {
    this.#store.set({ unsaved });
    this.#go({ type: "fail", reason: "storage" });
  }

  /** @param {string|null} fileName of a chosen file @param {boolean} unreadable whether this browser cannot open it */
  failed(fileName, unreadable) {
    if (!fileName) return this.#showMessage(words.photoFailed);
    this.#showMessage(unreadable ? words.undecodable(fileName) : words.fileFailed(fileName));
  }

  /** @param {string} fileName @param {import("./camera/shots.js").Duplicate} twin */
  duplicate(fileName, twin) {
    this.#showMessage(
      twin === "here" ? words.alreadyHere(fileName) : words.alreadyStored(fileName),
    );
  }

  /** A retake whose original another tab has sent, deleted or begun to send. @param {string} oldId @param {import("./camera/shots.js").Left} why */
  async original(oldId, why) {
    if (why === "busy") return this.#showMessage(words.retakeOriginalBusy);
    const receipt = await this.#receipt(oldId).catch(() => null);
    const sent = receipt?.state === "stored";
    this.#showMessage(sent ? words.retakeOriginalSent : words.retakeOriginalGone);
  }

  /** A message that stays until it is dismissed, and is spoken where another screen covers it. @param {string} text */
  #showMessage(text) {
    this.#store.showMessage(text);
    readOut(text);
  }

  /** @param {import("./camera/encode.js").TooLong} picture */
  tooLong({ message, from, to }) {
    const [was, left] = [from, to].map(([width, height]) => `${width} × ${height}`);
    this.#showMessage(words.tooLong(message, was, left));
  }

  /** The browser gives other pixels back than were drawn. */
  changed() {
    const { messages } = this.#store.state;
    const text = words.pixelsChanged;
    if (!messages.some((message) => message.text === text)) this.#showMessage(text);
  }

  /** @param {number} pending photos on their way to the storage */
  pending(pending) {
    this.#store.set({ pending });
  }

  async #checkRoom() {
    const asked = navigator.storage?.estimate?.();
    const estimate = await withLimit(asked, ESTIMATE, "estimate").catch(() => null);
    this.#store.set({ hasSpace: hasSpace(estimate ?? {}, this.#store.state.images.longestEdge) });
  }

  async #askDurable() {
    if (this.#asked) return;
    this.#asked = true;
    this.#store.set({ durable: await askDurable() });
  }
}
