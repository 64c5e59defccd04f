/**
 * What the clinician does on the way to a kept photo: open the camera, answer which consultation it
 * is, shoot, choose files. Owner and consultation are frozen here, at the tap.
 */
import { ask } from "../page/dialog.js";
import { newPhotoId } from "../queue/photo-id.js";
import { ServerClock } from "../queue/server-clock.js";
import { momentOf } from "../queue/shutter-times.js";
import { answer, begin, hear, resume } from "./consultation-guard.js";
import { transition } from "./flow.js";
import { questionOf } from "./question.js";

/** @import { Known, Visit } from "./consultation-guard.js" */
/** @import { FlowEvent } from "./flow.js" */
/** @import { Camera } from "./camera.js" */
/** @import { Frozen, Shots } from "./shots.js" */
/** @import { Store } from "./store.js" */
/** @import { PhotoSummary } from "../queue/record.js" */

export class Capturing {
  #store;
  #camera;
  #shots;
  #time;
  /** Asks which consultation is current. @type {() => void} */
  askServer = () => {};
  /** @type {Visit|null} */
  #choosing = null;

  /**
   * @param {Store} store
   * @param {Camera} camera
   * @param {Shots} shots
   * @param {ServerClock} [time]
   */
  constructor(store, camera, shots, time = new ServerClock()) {
    this.#time = time;
    this.#store = store;
    this.#camera = camera;
    this.#shots = shots;
  }

  /** Moves the page; a visit ends when its screens are left. @param {FlowEvent} event */
  go(event) {
    const { flow, visit, retake } = this.#store.state;
    const next = transition(flow, event);
    if (flow.screen === "camera" && next.screen !== "camera") this.#camera.stop();
    const home = next.screen === "home";
    const done = next.screen !== "camera";
    this.#store.set({ flow: next, visit: home ? null : visit, retake: done ? null : retake });
  }

  open() {
    const { known, visit, staleMinutes } = this.#store.state;
    if (!known) return;
    const now = this.#time.now();
    const next = visit ? resume(visit, known, now, staleMinutes) : begin(known, now, staleMinutes);
    this.#store.set({ visit: next });
    this.#start();
  }

  /** The next shot takes the place and the consultation of this photo. @param {PhotoSummary} photo */
  retake(photo) {
    this.#store.set({ retake: photo });
    this.#start();
  }

  close() {
    this.go({ type: this.#store.state.retake ? "review" : "close-camera" });
  }

  /** A phone that comes out of a pocket is asked again whether its consultation is still right. */
  wake() {
    const { known, visit, flow, staleMinutes } = this.#store.state;
    if (known && visit && flow.screen === "camera")
      this.#store.set({ visit: resume(visit, known, this.#time.now(), staleMinutes) });
  }

  /** The server's word. @param {Known} known */
  hear(known) {
    const { visit } = this.#store.state;
    this.#store.set({ known, visit: visit && hear(visit, known) });
  }

  /** The consultation of the next photo, where one has been settled on. @returns {string|null} its id */
  get place() {
    return (this.#store.state.visit ?? this.#choosing)?.belongs.id ?? null;
  }

  /** @param {"keep"|"switch"|"use"|"decline"} choice */
  answer(choice) {
    const { known, visit } = this.#store.state;
    if (!known || !visit) return;
    // Whoever confirms an old consultation vouches for it as the server would.
    const confirmed = choice === "use" ? { ...known, confirmedAt: this.#time.now() } : known;
    this.#store.set({ known: confirmed, visit: answer(visit, choice, known) });
  }

  /**
   * Takes the picture of this moment; owner and consultation are those of the tap, also where the frame
   * comes a moment later.
   * @param {() => void} [onTaken] called when the picture is drawn
   * @returns {boolean} false where none may be taken now
   */
  shoot(onTaken = () => {}) {
    const { retake } = this.#store.state;
    const belongs = this.#belongs();
    if (!belongs || !this.#camera.ready || this.#shots.full) return false;
    const frozen = this.#freeze(belongs, retake?.photoId);
    const frame = this.#camera.grab();
    if (frame instanceof Promise)
      void frame.then((late) => late && this.#taken(late, frozen, onTaken));
    else this.#taken(frame, frozen, onTaken);
    return true;
  }

  /** @param {HTMLCanvasElement} frame @param {Frozen} frozen @param {() => void} onTaken */
  #taken(frame, frozen, onTaken) {
    void this.#shots.add(frame, frozen);
    navigator.vibrate?.(30);
    onTaken();
    if (frozen.retakeOf) return this.go({ type: "review" });
    const { visit } = this.#store.state;
    if (visit?.belongs.id === frozen.consultationId)
      this.#store.set({ visit: { ...visit, taken: true } });
  }

  /** The consultation of the next shutter; none while a question is open or the phone is full. */
  #belongs() {
    const { visit, retake, room } = this.#store.state;
    if (!room) return null;
    if (retake) return bindingOf(retake);
    return visit && !visit.question ? visit.belongs : null;
  }

  /** Asks what must be asked before files are picked. Whether to open the picker. */
  async beforeChoosing() {
    const { known, staleMinutes, room } = this.#store.state;
    if (!known || !room) return false;
    return this.#settle(begin(known, this.#time.now(), staleMinutes));
  }

  /** Adds picked files to the consultation that was shown. @param {File[]} files */
  async choose(files) {
    const { known, staleMinutes } = this.#store.state;
    if (!known || !files.length) return;
    const shown = this.#choosing ?? begin(known, this.#time.now(), staleMinutes);
    if (!(await this.#settle(hear({ ...shown, taken: true }, known)))) return;
    const { belongs } = this.#choosing ?? shown;
    this.#choosing = null;
    const line = files.map((file) => this.#shots.add(file, this.#freeze(belongs)));
    this.go({ type: "review" });
    await Promise.all(line);
  }

  #start() {
    this.go({ type: "open-camera" });
    void this.#camera.start();
    this.askServer();
  }

  /** @param {Visit} visit answered in a dialog where a question is open */
  async #settle(visit) {
    const { known } = this.#store.state;
    const question = known && questionOf(visit, known);
    if (question) {
      const choice = await ask({ title: question.text, choices: question.choices });
      if (!choice) return false;
      visit = answer(visit, /** @type {"keep"} */ (choice), known);
    }
    this.#choosing = visit;
    return true;
  }

  /**
   * @param {{id: string, label: string}} belongs @param {string} [retakeOf]
   * @returns {Frozen}
   */
  #freeze(belongs, retakeOf) {
    const device = Date.now();
    const now = device + this.#time.offset;
    return {
      photoId: newPhotoId(now),
      owner: this.#store.state.owner?.id ?? "",
      consultationId: belongs.id,
      consultationLabel: belongs.label,
      capturedAt: momentOf(now),
      deviceCapturedAt: momentOf(device),
      clockUnchecked: !this.#time.known,
      retakeOf: retakeOf ?? null,
    };
  }
}

/** @param {PhotoSummary} photo */
const bindingOf = (photo) => ({ id: photo.consultationId, label: photo.consultationLabel });
