/**
 * What the clinician does on the way to a kept photo: open the camera, answer which consultation it
 * is, shoot. Owner and consultation are frozen here, at the tap.
 */
import { ApiProblem } from "../page/api.js";
import { phone as words } from "../page/words-phone.js";
import { newPhotoId } from "../queue/photo-id.js";
import { ServerClock } from "../queue/server-clock.js";
import { momentOf } from "../queue/shutter-times.js";
import * as guard from "./consultation-guard.js";
import { movesAfter } from "./doubts.js";
import { transition } from "./flow.js";
import { bindingOfPhoto } from "./identity.js";
import { openQuestion } from "./question.js";

/** @import { Binding, Known } from "./consultation-guard.js" */
/** @import { FlowEvent } from "./flow.js" */
/** @import { Camera } from "./camera.js" */
/** @import { Confirming } from "./confirming.js" */
/** @import { Placing } from "./placing.js" */
/** @import { Frozen, Shots } from "./shots.js" */
/** @import { Store } from "./store.js" */
/** @import { PhotoSummary } from "../queue/record.js" */
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
  /** The phone went where the desktop is, by itself. @type {(to: Binding) => void} */
  followed = () => {};
  /** Says something that stays until it is read. @type {(text: string) => void} */
  say = () => {};

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
    const { flow, visit, known, retake } = this.#store.state;
    const next = transition(flow, event);
    if (flow.screen === "camera" && next.screen !== "camera") this.#camera.stop();
    const home = next.screen === "home" && flow.screen !== "home";
    const done = next.screen !== "camera";
    this.#store.set({ flow: next, retake: done ? null : retake });
    if (home && visit && known) this.#follow(guard.leave(visit, known));
  }

  /** Another person: what the last one was doing is over. */
  forget() {
    this.go({ type: "leave" });
    this.#store.set({ visit: null, known: null });
  }

  open() {
    const { known, visit } = this.#store.state;
    if (!known) return;
    this.#store.set({ visit: guard.resume(visit ?? guard.begin(known)) });
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
  wake() {
    const { known, visit, flow, retake } = this.#store.state;
    if (!known || !visit || retake || flow.screen !== "camera") return;
    this.#store.set({ visit: guard.resume(visit) });
    void this.#confirming.confirm();
  }

  /** Time passes: a word that came too long ago lets no photo be taken. */
  tick() {
    const { visit, flow, retake } = this.#store.state;
    const waits = visit && !visit.question && flow.screen === "camera" && !retake;
    if (waits) this.#confirming.unanswered();
  }

  /**
   * A page that was loaded anew goes on where its last photo in review belongs: nobody has left that
   * patient, and the desktop may be with another one.
   */
  takeUp() {
    const { known, visit, listing } = this.#store.state;
    const last = listing.photos.findLast(({ state }) => state === "captured");
    if (!known || visit || !last) return;
    const before = { ...guard.begin(known), belongs: bindingOfPhoto(last, known), taken: true };
    this.#follow(guard.hear(before, known));
  }

  /** The server's word. @param {Known} word */
  hear(word) {
    const { visit, known: before, listing } = this.#store.state;
    const { steps: _, ...last } = word;
    const known = { ...last, moves: movesAfter(before, word, listing.photos) };
    this.#store.set({ known, visit: visit ?? guard.begin(known) });
    if (visit) this.#follow(guard.hear(visit, known));
  }

  /** The consultation of the next photo, where one has been settled on. @returns {string|null} its id */
  get place() {
    return this.#store.state.visit?.belongs.id ?? null;
  }

  /** @param {string} choice */
  async answer(choice) {
    const { known, visit } = this.#store.state;
    if (!known || !visit) return;
    if (choice === "reopen") return void (await this.#reopen(visit.belongs));
    if (!visit.question) return void (await this.#placing.answer(choice));
    const answered = guard.answer(
      visit,
      /** @type {any} */ (choice),
      known,
      this.#confirming.moment.wall,
    );
    this.#store.set({ visit: answered });
    // Who keeps the consultation has said whose the photos are that were taken meanwhile.
    if (choice === "keep") await this.#placing.keep(visit.belongs.id, answered.declined);
  }

  /**
   * Takes the picture of this moment; owner and consultation are those of the tap, also where the frame
   * comes a moment later.
   * @param {() => void} [onTaken] called when the picture is drawn
   * @param {(refusal: Refusal) => void} [onRefused] called where it could not be, a moment later
   * @returns {Refusal} empty where a picture is taken
   */
  shoot(onTaken = () => {}, onRefused = () => {}) {
    const { retake, room } = this.#store.state;
    const belongs = this.#belongs();
    if (!room) return "room";
    if (!belongs) return "asked";
    if (this.#shots.full) return "saving";
    if (!this.#camera.ready) return "camera";
    const frozen = this.freeze(belongs, retake?.photoId);
    const frame = this.#camera.grab();
    if (frame instanceof Promise)
      void frame.then((late) => (late ? this.#taken(late, frozen, onTaken) : onRefused("camera")));
    else this.#taken(frame, frozen, onTaken);
    return "";
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

  /** The consultation of the next shutter; none while a question is open. */
  #belongs() {
    const { state } = this.#store;
    if (state.retake) return bindingOfPhoto(state.retake);
    return state.visit && !openQuestion(state) ? state.visit.belongs : null;
  }

  #start() {
    this.go({ type: "open-camera" });
    void this.#camera.start();
  }

  /** @param {guard.Visit} visit at home an unfiled one goes where the desktop is: no patient is left */
  #follow(visit) {
    const { flow, known } = this.#store.state;
    const { question, belongs } = visit;
    const follows =
      flow.screen === "home" && question?.kind === "moved" && belongs.id === known?.unfiled.id;
    if (!follows || !known) return this.#store.set({ visit });
    this.#store.set({ visit: guard.begin(known) });
    this.followed(question.to);
  }

  /** @param {Binding} belongs */
  async #reopen(belongs) {
    const { known } = this.#store.state;
    const elsewhere = known?.current ?? null;
    try {
      await this.reopen(belongs.id, !elsewhere);
    } catch (error) {
      const refused = error instanceof ApiProblem;
      const { label } = belongs;
      return this.say(
        refused ? words.reopenRefused(label, error.detail) : words.notReopened(label),
      );
    }
    const { visit } = this.#store.state;
    if (!visit || visit.belongs.id !== belongs.id) return;
    this.#store.set({ visit: { ...visit, question: null, declined: elsewhere?.id ?? null } });
    await this.#confirming.answered();
  }

  /**
   * Owner and consultation of a photo, decided now.
   * @param {Binding} belongs @param {string} [retakeOf]
   * @returns {Frozen}
   */
  freeze(belongs, retakeOf) {
    const now = this.#confirming.moment.wall;
    const { owner, known, visit, retake } = this.#store.state;
    // Kept although the desktop is elsewhere: this has been answered before the shutter.
    const elsewhere = known ? guard.target(known).id : "";
    const kept = !retakeOf && visit?.declined === elsewhere;
    const placed = { at: new Date(now).toISOString(), from: null, over: elsewhere };
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
      ...(kept && { placed }),
      ...(retakeOf && retake && answersOf(retake)),
    };
  }
}

/** What was asked about a photo is asked about its retake: it is of the same moment. @param {PhotoSummary} photo */
function answersOf({ capturedAt, firstCapturedAt = capturedAt, placed }) {
  return { firstCapturedAt, ...(placed && { placed }) };
}
