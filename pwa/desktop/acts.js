/** What a clinician can do to consultations and photos; each asks where needed and says how it went. */
import { ask } from "../page/dialog.js";
import { withNames } from "../page/names.js";
import { announce, toast } from "../page/toasts.js";
import { desktop as words } from "../page/words-desktop.js";
import { download } from "./download.js";
import { fileName } from "./file-name.js";
import { labelOf, nameOf } from "./identity.js";
import { askWhere } from "./move-dialog.js";
import { trouble } from "./troubles.js";

/** @typedef {import("./shapes.js").Visit} Visit @typedef {import("./shapes.js").Photo} Photo */
/** @typedef {keyof typeof words.failed} What */

/**
 * @param {import("./desk.js").Desk} desk
 * @param {{ show(id: string): void, correct(visit: Visit): void }} page
 */
export function createVisitActions(desk, { show, correct }) {
  /** @param {What} what @param {Promise<void>} act @returns {Promise<boolean>} whether it was done */
  const tell = (what, act) =>
    act.then(
      () => true,
      (error) => {
        void toast(trouble(what, error));
        void desk.refresh().catch(() => {});
        return false;
      },
    );
  return {
    /** @param {Visit} visit */
    choose: (visit) => void tell("choose", desk.choose(visit)),
    /** @param {Visit} visit */
    reopen: (visit) => void tell("reopen", desk.close(visit.id, false)),
    /** @param {Visit} visit */
    async close(visit) {
      const title = withNames(words.closeAsk, nameOf(visit, desk.visits));
      const yes = { value: "yes", text: words.closeVisit, kind: "primary" };
      const no = { value: "", text: words.cancel };
      if (await ask({ title, text: words.closeText, choices: [yes, no] })) {
        await tell("close", desk.close(visit.id, true));
      }
    },
    /** @param {Visit} visit */
    async discard(visit) {
      const title = withNames(words.discardTitle, nameOf(visit, desk.visits));
      const yes = { value: "yes", text: words.discardYes, kind: "primary" };
      const no = { value: "", text: words.cancel };
      if (!(await ask({ title, text: words.discardText, choices: [yes, no] }))) return;
      if (await tell("discard", desk.discard(visit))) await offerBack(visit);
    },
    show,
    correct,
  };

  /** @param {Visit} visit */
  async function offerBack(visit) {
    const said = withNames(words.discarded, labelOf(visit));
    if (!(await toast(said, { action: words.undo, dismiss: words.close }))) return;
    await tell("choose", desk.choose(visit));
    await desk.refresh().catch(() => {});
  }
}

/**
 * @param {import("./desk.js").Desk} desk @param {() => void} leave closes the photo dialog
 * @param {(photo: Photo) => string} address where the browser already holds the picture
 */
export function createPhotoActs(desk, leave, address) {
  return {
    /** @param {Photo} photo */
    async download(photo) {
      const name = fileName(photo, desk.shown);
      await orSay("download", download(photo.url, name, fetch.bind(globalThis)));
    },
    /** @param {Photo} photo */
    async move(photo) {
      if (desk.visits.every(({ id }) => id === photo.consultationId))
        throw new Error(words.noOther);
      const to = await askWhere({ photo, address: address(photo), visits: desk.visits });
      if (!to) return;
      await orSay("move", desk.move(photo, to.id));
      leave();
      void offerUndo(desk, photo, to);
    },
    /** The photo is where it belongs. @param {Photo} photo */
    async confirm(photo) {
      await orSay("confirm", desk.confirmPlace(photo, true));
      void offerDoubt(desk, photo);
    },
    /** @param {Photo} photo */
    async delete(photo) {
      const yes = { value: "yes", text: words.deleteYes, kind: "danger primary" };
      const no = { value: "", text: words.cancel };
      const question = { title: words.deleteAsk, text: words.deleteText, choices: [no, yes] };
      if (!(await ask(question))) return;
      await orSay("delete", desk.remove(photo));
      announce(words.deleted);
    },
  };
}

/** @template T @param {What} what @param {Promise<T>} act @returns {Promise<T>} rejects with a sentence */
function orSay(what, act) {
  return act.catch((error) => {
    throw new Error(trouble(what, error));
  });
}

/** @param {import("./desk.js").Desk} desk @param {Photo} photo @param {Visit} to */
async function offerUndo(desk, photo, to) {
  const undo = await toast(withNames(words.moved, nameOf(to, desk.visits)), {
    action: words.undo,
    dismiss: words.close,
  });
  if (!undo) return;
  const back = desk.move({ ...photo, consultationId: to.id }, photo.consultationId);
  await back
    // Back in the place that was in question, it is in question again.
    .then(() => (photo.takenDuring ? desk.confirmPlace(photo, false) : undefined))
    .then(() => desk.refresh())
    .catch((error) => void toast(trouble("move", error)));
}

/** @param {import("./desk.js").Desk} desk @param {Photo} photo */
async function offerDoubt(desk, photo) {
  const place = desk.visits.find(({ id }) => id === photo.consultationId);
  if (!place) return;
  const said = withNames(words.placeKept, nameOf(place, desk.visits));
  if (!(await toast(said, { action: words.undo, dismiss: words.close }))) return;
  await desk.confirmPlace(photo, false).catch((error) => void toast(trouble("confirm", error)));
}
