/**
 * What the clinician does on the way to a kept photo: open the camera, answer which consultation it
 * is, shoot. Owner and consultation are frozen here, at the tap.
 */
import { ApiProblem } from "../../shared/http.js";
import { phone as words } from "../../page/words/phone.js";
import { newPhotoId } from "../../queue/photo-record.js";
import { ServerClock } from "../../shared/server-clock.js";
import { momentOf } from "../../queue/shutter-times.js";
import * as guard from "../consultation/consultation-guard.js";
import { movesAfter } from "../consultation/place-doubts.js";
import { transition } from "../flow.js";
import { bindingOfPhoto } from "../consultation/identity.js";
import { openQuestion } from "../consultation/question.js";

/** @import { Binding, Known } from "../consultation/consultation-guard.js" */
/** @import { FlowEvent } from "../flow.js" */
/** @import { Camera } from "./camera.js" */
/** @import { Confirming } from "../consultation/confirming.js" */
/** @import { Placing } from "../consultation/placing.js" */
/** @import { Frozen, Shots } from "./shots.js" */
/** @import { Store } from "../store.js" */
/** @import { PhotoSummary } from "../../queue/photo-record.js" */
/** @typedef {"" | "asked" | "camera" | "room" | "saving"} Refusal why the shutter took nothing; empty where it did */

export class Capturing {
  #store;
  #camera;
  #shots;
  #placing;
  #confirming;
  #time;
  /** Opens a closed consultation again. @type {(id: string, current: boolean) => Promise<void>} */
  reopen = async () => {};
  /** The phone changed to the desktop's consultation by itself. @type {(to: Binding) => void} */
  followed = () => {};
  /** Shows a message that stays until it is dismissed. @type {(text: string) => void} */
  showMessage = () => {};
  /** Reads the queue again. @type {() => Promise<void>} */
  refresh = async () => {};

  /**
   * @param {Store} store
   * @param {Camera} camera
   * @param {Shots} shots
   * @param {Placing} placing
   * @param {Confirming} confirming
   * @param {Pick<ServerClock, "offset"|"known">} [time]
   */
  constructor(store, camera, shots, placing, confirming, time = new ServerClock()) {
    this.#time = time;
    this.#store = store;
    this.#camera = camera;
    this.#shots = shots;
    this.#placing = placing;
    this.#confirming = confirming;
  }

  /** Moves the page. @param {FlowEvent} event */
  go(event) {
    const { flow, cameraSession, known, retake } = this.#store.state;
    const next = transition(flow, event);
    if (flow.screen === "camera" && next.screen !== "camera") this.#camera.stop();
    const home = next.screen === "home" && flow.screen !== "home";
    const done = next.screen !== "camera";
    this.#store.set({ flow: next, retake: done ? null : retake });
    if (home && cameraSession && known) this.#follow(guard.leaveCamera(cameraSession, known));
  }

  /** The user changed: what the last one was doing ends. */
  endSession() {
    this.go({ type: "leave" });
    this.#store.set({ cameraSession: null, known: null });
  }

  open() {
    const { known, cameraSession } = this.#store.state;
    if (!known) return;
    this.#store.set({ cameraSession: guard.resume(cameraSession ?? guard.begin(known)) });
    this.#start();
    void this.#confirming.confirm();
  }

  /** The next shot takes the place and the consultation of this photo. @param {PhotoSummary} photo */
  retake(photo) {
    this.#store.set({ retake: photo });
    this.#start();
    void this.#confirming.answered();
  }

  close() {
    this.go({ type: this.#store.state.retake ? "review" : "close-camera" });
  }

  /** A phone that comes out of a pocket is asked again whether its consultation is still right. */
  onVisible() {
    const { known, cameraSession, flow, retake } = this.#store.state;
    if (!known || !cameraSession || retake || flow.screen !== "camera") return;
    this.#store.set({ cameraSession: guard.resume(cameraSession) });
    void this.#confirming.confirm();
  }

  /** Once a second: after too old an answer of the server no photo may be taken. */
  tick() {
    const { cameraSession, flow, retake } = this.#store.state;
    const waits = cameraSession && !cameraSession.question && flow.screen === "camera" && !retake;
    if (waits) this.#confirming.unanswered();
  }

  /**
   * A reloaded page goes on with the consultation of its last photo in review: the clinician has not
   * left that patient, and the desktop may be with another one.
   */
  resumeLast() {
    const { known, cameraSession, listing } = this.#store.state;
    const last = listing.photos.findLast(({ state }) => state === "captured");
    if (!known || cameraSession || !last) return;
    const before = {
      ...guard.begin(known),
      consultation: bindingOfPhoto(last, known),
      taken: true,
    };
    this.#follow(guard.onServerUpdate(before, known));
  }

  /** The server's answer. @param {Known} received */
  onServerUpdate(received) {
    const { cameraSession, known: before, listing } = this.#store.state;
    const { steps: _, ...last } = received;
    const known = { ...last, moves: movesAfter(before, received, listing.photos) };
    this.#store.set({ known, cameraSession: cameraSession ?? guard.begin(known) });
    if (cameraSession) this.#follow(guard.onServerUpdate(cameraSession, known));
  }

  /** The consultation of the next photo, where one is decided. @returns {string|null} its id */
  get consultationId() {
    return this.#store.state.cameraSession?.consultation.id ?? null;
  }

  /** @param {string} choice */
  async answer(choice) {
    const { known, cameraSession } = this.#store.state;
    if (!known || !cameraSession) return;
    if (choice === "reopen") return void (await this.#reopen(cameraSession.consultation));
    if (!cameraSession.question) return void (await this.#placing.answer(choice));
    const answered = guard.answer(
      cameraSession,
      /** @type {any} */ (choice),
      known,
      this.#confirming.moment.wall,
    );
    this.#store.set({ cameraSession: answered });
    // Keep also answers to whom the photos belong that were taken meanwhile.
    if (choice === "keep")
      await this.#placing.keep(cameraSession.consultation.id, answered.declined);
  }

  /**
   * Takes the picture of this moment; owner and consultation are those of the tap, also where the frame
   * comes a moment later.
   * @param {() => void} [onTaken] called when the picture is drawn
   * @param {(refusal: Refusal) => void} [onRefused] called where it could not be, a moment later
   * @returns {Refusal} empty where a picture is taken
   */
  shoot(onTaken = () => {}, onRefused = () => {}) {
    const { retake, hasSpace } = this.#store.state;
    const belongs = this.#belongs();
    if (!hasSpace) return "room";
    if (!belongs) return "asked";
    if (this.#shots.full) return "saving";
    if (!this.#camera.ready) return "camera";
    const taken = this.#taking(this.freeze(belongs, retake?.photoId), onTaken, onRefused);
    onFrame(this.#camera.grab(), taken);
    return "";
  }

  /** @param {Frozen} frozen @param {() => void} onTaken @param {(refusal: Refusal) => void} onRefused */
  #taking(frozen, onTaken, onRefused) {
    return (/** @type {HTMLCanvasElement|null} */ frame) =>
      frame ? this.#taken(frame, frozen, onTaken) : onRefused("camera");
  }

  /** @param {HTMLCanvasElement} frame @param {Frozen} frozen @param {() => void} onTaken */
  #taken(frame, frozen, onTaken) {
    const saved = this.#shots.add(frame, frozen);
    if (frozen.retakeOf) void this.#replacing(frozen.retakeOf, saved);
    navigator.vibrate?.(30);
    onTaken();
    if (frozen.retakeOf) return this.go({ type: "review" });
    const { cameraSession } = this.#store.state;
    if (cameraSession?.consultation.id === frozen.consultationId)
      this.#store.set({ cameraSession: { ...cameraSession, taken: true } });
  }

  /**
   * A photo that was taken again is not approved in place of its retake, which the list has only a
   * moment later; where the retake could not be saved the photo is there again.
   * @param {string} oldId @param {Promise<unknown>} saved
   */
  async #replacing(oldId, saved) {
    this.#store.set({ replacing: [...this.#store.state.replacing, oldId] });
    await saved.then(() => this.refresh());
    const { replacing } = this.#store.state;
    this.#store.set({ replacing: replacing.filter((id) => id !== oldId) });
  }

  /** The consultation of the next shutter; none while a question is open. */
  #belongs() {
    const { state } = this.#store;
    if (state.retake) return bindingOfPhoto(state.retake);
    return state.cameraSession && !openQuestion(state) ? state.cameraSession.consultation : null;
  }

  #start() {
    this.go({ type: "open-camera" });
    void this.#camera.start();
  }

  /** @param {guard.CameraSession} cameraSession at home an unfiled one goes where the desktop is: no patient is left */
  #follow(cameraSession) {
    const { flow, known } = this.#store.state;
    const { question, consultation: belongs } = cameraSession;
    const follows =
      flow.screen === "home" && question?.kind === "moved" && belongs.id === known?.unfiled.id;
    if (!follows || !known) return this.#store.set({ cameraSession });
    this.#store.set({ cameraSession: guard.begin(known) });
    this.followed(question.to);
  }

  /** @param {Binding} belongs */
  async #reopen(belongs) {
    const { known } = this.#store.state;
    const elsewhere = known?.current ?? null;
    try {
      await this.reopen(belongs.id, !elsewhere);
    } catch (error) {
      return this.showMessage(notReopened(belongs.label, error));
    }
    const { cameraSession } = this.#store.state;
    if (cameraSession?.consultation.id !== belongs.id) return;
    this.#store.set({
      cameraSession: { ...cameraSession, question: null, declined: elsewhere?.id ?? null },
    });
    await this.#confirming.answered();
  }

  /**
   * Owner and consultation of a photo, decided now.
   * @param {Binding} belongs @param {string} [retakeOf]
   * @returns {Frozen}
   */
  freeze(belongs, retakeOf) {
    const now = this.#confirming.moment.wall;
    const { owner } = this.#store.state;
    return {
      photoId: newPhotoId(now),
      owner: owner?.id ?? "",
      consultationId: belongs.id,
      consultationLabel: belongs.label,
      consultationOpenedAt: belongs.openedAt,
      consultationSecondIdentifier: belongs.secondIdentifier ?? null,
      capturedAt: momentOf(now),
      deviceCapturedAt: momentOf(now - this.#time.offset),
      clockUnchecked: !this.#time.known,
      retakeOf: retakeOf ?? null,
      ...this.#answersBefore(now, retakeOf),
    };
  }

  /** What has been answered about a photo before its shutter. @param {number} now @param {string} [retakeOf] */
  #answersBefore(now, retakeOf) {
    const { known, cameraSession, retake } = this.#store.state;
    if (retakeOf) return retake && answersOf(retake);
    const elsewhere = known ? guard.target(known).id : "";
    // Kept although the desktop is elsewhere.
    const kept = cameraSession?.declined === elsewhere;
    return kept && { placed: { at: new Date(now).toISOString(), from: null, over: elsewhere } };
  }
}

/** What was asked about a photo is asked about its retake: it is of the same moment. @param {PhotoSummary} photo */
function answersOf({ capturedAt, firstCapturedAt = capturedAt, placed }) {
  return { firstCapturedAt, ...(placed && { placed }) };
}

/** @param {ReturnType<Camera["grab"]>} frame at once or a moment later @param {(frame: HTMLCanvasElement|null) => void} taken */
function onFrame(frame, taken) {
  if (frame instanceof Promise) void frame.then(taken);
  else taken(frame);
}

/** @param {string} label @param {unknown} error */
function notReopened(label, error) {
  if (error instanceof ApiProblem) return words.reopenRefused(label, error.detail);
  return words.notReopened(label);
}
