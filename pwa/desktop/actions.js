/** What a clinician can do to consultations and photos; each asks where needed and shows the outcome. */
import { ask } from "../page/dialog.js";
import { saveFile } from "../page/dom.js";
import { withNames } from "../page/names.js";
import { readOut, toast } from "../page/toasts.js";
import { desktop as words } from "../page/words/desktop.js";
import { fileName } from "./gallery/file-name.js";
import { labelOf, nameOf } from "./consultations/identity.js";
import { askWhere } from "./consultations/move-dialog.js";
import { errorMessage } from "./shell/error-messages.js";

/** @typedef {import("../shared/api-types.js").Consultation} Consultation @typedef {import("../shared/api-types.js").Photo} Photo */
/** @typedef {keyof typeof words.failed} What */

/**
 * @param {import("./desk.js").Desk} desk
 * @param {{ show(id: string): void, correct(consultation: Consultation): void }} page
 */
export function createConsultationActions(desk, { show, correct }) {
  /** @param {What} what @param {Promise<void>} act @returns {Promise<boolean>} whether it was done */
  const toastFailure = (what, act) =>
    act.then(
      () => true,
      (error) => {
        void toast(errorMessage(what, error));
        void desk.refresh().catch(() => {});
        return false;
      },
    );
  return {
    /** @param {Consultation} consultation */
    choose: (consultation) => void toastFailure("choose", desk.choose(consultation)),
    /** @param {Consultation} consultation */
    reopen: (consultation) => void toastFailure("reopen", desk.close(consultation.id, false)),
    /** @param {Consultation} consultation */
    async close(consultation) {
      const title = withNames(words.closeAsk, nameOf(consultation, desk.consultations));
      const yes = { value: "yes", text: words.closeConsultation, kind: "primary" };
      const no = { value: "", text: words.cancel };
      if (await ask({ title, text: words.closeText, choices: [yes, no] })) {
        await toastFailure("close", desk.close(consultation.id, true));
      }
    },
    /** @param {Consultation} consultation */
    async discard(consultation) {
      const title = withNames(words.discardTitle, nameOf(consultation, desk.consultations));
      const yes = { value: "yes", text: words.discardYes, kind: "primary" };
      const no = { value: "", text: words.cancel };
      if (!(await ask({ title, text: words.discardText, choices: [yes, no] }))) return;
      if (await toastFailure("discard", desk.discard(consultation))) await offerBack(consultation);
    },
    show,
    correct,
  };

  /** @param {Consultation} consultation */
  async function offerBack(consultation) {
    const message = withNames(words.discarded, labelOf(consultation));
    if (!(await toast(message, { action: words.undo, dismiss: words.close }))) return;
    await toastFailure("choose", desk.choose(consultation));
    await desk.refresh().catch(() => {});
  }
}

/**
 * @param {import("./desk.js").Desk} desk @param {() => void} leave closes the photo dialog
 * @param {(photo: Photo) => string} address where the browser already has a picture of it
 */
export function createPhotoActs(desk, leave, address) {
  return {
    /** @param {Photo} photo */
    async download(photo) {
      const blob = await withMessage("download", readPhoto(photo.url));
      saveFile(blob, fileName(photo, desk.shown));
    },
    /** @param {Photo} photo */
    async move(photo) {
      if (desk.consultations.every(({ id }) => id === photo.consultationId))
        throw new Error(words.noOther);
      const to = await askWhere({
        photo,
        address: address(photo),
        consultations: desk.consultations,
      });
      if (!to) return;
      await withMessage("move", desk.move(photo, to.id));
      leave();
      void offerUndo(desk, photo, to);
    },
    /** The photo is where it belongs. @param {Photo} photo */
    async confirm(photo) {
      await withMessage("confirm", desk.confirmPlace(photo, true));
      void offerDoubt(desk, photo);
    },
    /** @param {Photo} photo */
    async delete(photo) {
      const yes = { value: "yes", text: words.deleteYes, kind: "danger primary" };
      const no = { value: "", text: words.cancel };
      const question = { title: words.deleteAsk, text: words.deleteText, choices: [no, yes] };
      if (!(await ask(question))) return;
      await withMessage("delete", desk.remove(photo));
      readOut(words.deleted);
    },
  };
}

/**
 * The photo itself: a plain link would lose its name where photos lie on another origin.
 * @param {string} url
 */
async function readPhoto(url) {
  // A picture that the page already shows may be cached without the headers that a read needs.
  const response = await fetch(url, { cache: "reload", signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error("The photo could not be read");
  return response.blob();
}

/** @template T @param {What} what @param {Promise<T>} act @returns {Promise<T>} rejects with a sentence */
function withMessage(what, act) {
  return act.catch((error) => {
    throw new Error(errorMessage(what, error));
  });
}

/** @param {import("./desk.js").Desk} desk @param {Photo} photo @param {Consultation} to */
async function offerUndo(desk, photo, to) {
  const undo = await toast(withNames(words.moved, nameOf(to, desk.consultations)), {
    action: words.undo,
    dismiss: words.close,
  });
  if (!undo) return;
  const back = desk.move({ ...photo, consultationId: to.id }, photo.consultationId);
  await back
    // Back in its first consultation, the photo is in question again.
    .then(() => (photo.takenDuring ? desk.confirmPlace(photo, false) : undefined))
    .then(() => desk.refresh())
    .catch((error) => void toast(errorMessage("move", error)));
}

/** @param {import("./desk.js").Desk} desk @param {Photo} photo */
async function offerDoubt(desk, photo) {
  const place = desk.consultations.find(({ id }) => id === photo.consultationId);
  if (!place) return;
  const message = withNames(words.placeKept, nameOf(place, desk.consultations));
  if (!(await toast(message, { action: words.undo, dismiss: words.close }))) return;
  await desk
    .confirmPlace(photo, false)
    .catch((error) => void toast(errorMessage("confirm", error)));
}
