/**
 * Files on their way into the queue and photos on their way out of review: what must be asked is
 * asked before, in dialogs, and what is not answered is neither filed nor sent.
 */
import { phone as words } from "../../page/words/phone.js";
import { isPlaced } from "../../queue/photo-record.js";
import { askOf } from "./question-view.js";
import { begin, isConfirmed } from "./consultation-guard.js";
import { takenAt } from "./place-doubts.js";
import { openQuestion } from "./question.js";
import { inReview } from "../store.js";

/** @import { Capturing } from "../camera/capturing.js" */
/** @import { CameraSession, Known } from "./consultation-guard.js" */
/** @import { Confirming } from "./confirming.js" */
/** @import { Picked } from "./picked.js" */
/** @import { Placing } from "./placing.js" */
/** @import { Shots } from "../camera/shots.js" */
/** @import { Store } from "../store.js" */
/** @import { PhotoSummary } from "../../queue/photo-record.js" */

/**
 * @typedef {object} ChoosingContext
 * @property {Capturing} capturing
 * @property {Confirming} confirming
 * @property {Placing} placing
 * @property {Pick<Picked, "follow">} picked
 * @property {Pick<Shots, "add">} shots
 * @property {typeof askOf} [ask]
 */

/** How often the server is waited for before it counts as no answer. */
const MAX_WAITS = 3;

export class Choosing {
  #store;
  #means;
  #ask;

  /** @param {Store} store @param {ChoosingContext} means */
  constructor(store, means) {
    this.#store = store;
    this.#means = means;
    this.#ask = means.ask ?? askOf;
  }

  /** Asks what must be asked before files are picked. Whether to open the picker. */
  async before() {
    const { known, cameraSession, flow, hasSpace } = this.#store.state;
    if (!hasSpace) this.#store.showMessage(words.almostFull);
    if (!known || !hasSpace) return false;
    const session = cameraSession ?? begin(known);
    // The name that was tapped for a picker that was closed again is good for that one alone.
    const named = flow.screen === "home" ? { namedAt: null } : {};
    this.#store.set({ cameraSession: { ...session, ...named } });
    await this.#confirm(known, cameraSession);
    return this.#askAll();
  }

  /** @param {Known} known @param {CameraSession|null} cameraSession */
  async #confirm(known, cameraSession) {
    const { confirming } = this.#means;
    const asking = cameraSession?.question?.kind === "asking";
    if (asking || !isConfirmed(known, confirming.moment)) await confirming.confirm();
  }

  /** Adds picked files to the consultation that was shown; the picker may have been open for long. @param {File[]} files */
  async choose(files) {
    if (!files.length) return;
    const belongs = await this.#consultationOfFiles();
    if (!belongs) return this.#store.showMessage(words.notAdded(files.length));
    const { capturing, shots, picked } = this.#means;
    const line = files.map((file) => shots.add(file, capturing.freeze(belongs), file.name));
    capturing.go({ type: "review" });
    await picked.follow(line);
  }

  /** No photo leaves this phone while its consultation is in question. @param {string[]} photoIds @returns {Promise<boolean>} whether they may be sent */
  async beforeUpload(photoIds) {
    const { known, linkUp } = this.#store.state;
    const { confirming, placing } = this.#means;
    const meant = (/** @type {PhotoSummary} */ { photoId }) => photoIds.includes(photoId);
    const photos = inReview(this.#store.state).filter(meant);
    const since = known?.confirmedAt ?? 0;
    // Taken after the server's last answer: the desktop may have gone on since.
    const newer = photos.some((photo) => !isPlaced(photo) && takenAt(photo) >= since);
    if (newer && linkUp) await confirming.answered();
    return placing.askAll(meant);
  }

  /** @returns {Promise<import("./consultation-guard.js").Binding|null>} null where no answer was given */
  async #consultationOfFiles() {
    const { cameraSession, known } = this.#store.state;
    if (!known || !cameraSession) return null;
    this.#store.set({ cameraSession: { ...cameraSession, taken: true } });
    await this.#means.confirming.confirm();
    const answered = await this.#askAll();
    return answered ? (this.#store.state.cameraSession?.consultation ?? null) : null;
  }

  /** Asks in dialogs until nothing is asked any more. @returns {Promise<boolean>} false where no answer was given */
  async #askAll() {
    for (let waits = 0; waits < MAX_WAITS;) {
      const question = openQuestion(this.#store.state);
      if (!question) return true;
      // The camera had just been opened, and the server is being asked.
      if (!question.choices.length) {
        waits += 1;
        await this.#means.confirming.confirm();
        continue;
      }
      const choice = await this.#ask(question);
      if (!choice) return false;
      // What was asked may have changed under the dialog: then this is no answer to it.
      const same = openQuestion(this.#store.state)?.text === question.text;
      if (same) await this.#means.capturing.answer(choice);
    }
    return false;
  }
}
