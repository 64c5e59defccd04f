/** What the camera, the encoder and the storage report, turned into what the clinician is told. */
import { announce } from "../page/toasts.js";
import { phone as words } from "../page/words-phone.js";
import { withLimit } from "../queue/limit.js";
import { hasRoom } from "./shots.js";
import { inReview } from "./store.js";
import { askDurable, isDurable } from "./surroundings.js";

/** @import { CameraState } from "./camera.js" */
/** @import { FlowEvent } from "./flow.js" */
/** @import { Frozen } from "./shots.js" */
/** @import { Store } from "./store.js" */

const ESTIMATE = 3000; // ms; a browser that does not tell is trusted

export class Reports {
  #store;
  #go;
  #asked = false;

  /** @param {Store} store @param {(event: FlowEvent) => void} go */
  constructor(store, go) {
    this.#store = store;
    this.#go = go;
  }

  /** Where photos may be cleared, or do not fit, is said before the first of them is taken. */
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
    announce(words.kept(others.length + 1));
    void this.#checkRoom();
  }

  /** @param {number} unsaved photos that are in memory only */
  refused(unsaved) {
    this.#store.set({ unsaved });
    this.#go({ type: "fail", reason: "storage" });
  }

  /** @param {string|null} fileName of a file that cannot be opened */
  failed(fileName) {
    const { messages } = this.#store.state;
    this.#store.set({
      messages: [...messages, fileName ? words.undecodable(fileName) : words.photoFailed],
    });
  }

  /** @param {import("./encode.js").TooLong} picture */
  tooLong({ message, from, to }) {
    const { messages } = this.#store.state;
    const [was, left] = [from, to].map(([width, height]) => `${width} × ${height}`);
    this.#store.set({ messages: [...messages, words.tooLong(message, was, left)] });
  }

  /** The browser gives other pixels back than were drawn. */
  changed() {
    const { messages } = this.#store.state;
    const text = words.pixelsChanged;
    if (!messages.includes(text)) this.#store.set({ messages: [...messages, text] });
  }

  /** @param {number} pending photos on their way to the storage */
  pending(pending) {
    this.#store.set({ pending });
  }

  async #checkRoom() {
    const asked = navigator.storage?.estimate?.();
    const estimate = await withLimit(asked, ESTIMATE, "estimate").catch(() => null);
    this.#store.set({ room: hasRoom(estimate ?? {}, this.#store.state.images.longestEdge) });
  }

  async #askDurable() {
    if (this.#asked) return;
    this.#asked = true;
    this.#store.set({ durable: await askDurable() });
  }
}
