/** What a clinician can do to consultations and photos; each asks where needed and says how it went. */
import { ask, choiceButton, show } from "../page/dialog.js";
import { asWritten, withNames } from "../page/names.js";
import { announce, toast } from "../page/toasts.js";
import { desktop as words } from "../page/words-desktop.js";
import { fillSelect, make } from "./dom.js";
import { download } from "./download.js";
import { fileName } from "./times.js";
import { trouble } from "./troubles.js";
import { labelOf } from "./visit-list.js";

/** @typedef {import("./shapes.js").Visit} Visit @typedef {import("./shapes.js").Photo} Photo */
/** @typedef {keyof typeof words.failed} What */

/** @param {import("./desk.js").Desk} desk @param {(id: string) => void} showVisit */
export function createVisitActions(desk, showVisit) {
  /** @param {What} what @param {Promise<void>} act */
  const tell = (what, act) =>
    act.catch((error) => {
      void toast(trouble(what, error));
      void desk.refresh().catch(() => {});
    });
  return {
    /** @param {Visit} visit */
    choose: (visit) => void tell("choose", desk.choose(visit)),
    /** @param {Visit} visit */
    reopen: (visit) => void tell("reopen", desk.close(visit.id, false)),
    /** @param {Visit} visit */
    async close(visit) {
      const title = withNames(words.closeAsk, labelOf(visit));
      const yes = { value: "yes", text: words.closeVisit, kind: "primary" };
      const no = { value: "", text: words.cancel };
      if (await ask({ title, text: words.closeText, choices: [yes, no] })) {
        await tell("close", desk.close(visit.id, true));
      }
    },
    show: showVisit,
  };
}

/** @param {import("./desk.js").Desk} desk @param {() => void} leave closes the photo dialog */
export function createPhotoActs(desk, leave) {
  return {
    /** @param {Photo} photo @param {number} number */
    async download(photo, number) {
      const name = fileName(desk.shown?.openedAt ?? photo.capturedAt, number, photo.contentType);
      await orSay("download", download(photo.url, name, fetch.bind(globalThis)));
    },
    /** @param {Photo} photo */
    async move(photo) {
      const others = desk.visits.filter(({ id }) => id !== photo.consultationId);
      if (others.length === 0) throw new Error(words.noOther);
      const to = await askWhere(others);
      if (!to) return;
      await orSay("move", desk.move(photo, to.id));
      leave();
      void offerUndo(desk, photo, to);
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

/** @param {Visit[]} visits @returns {Promise<Visit | undefined>} */
async function askWhere(visits) {
  const select = asWritten(make("select", ""));
  select.id = "move-to";
  fillSelect(select, Object.fromEntries(visits.map((visit) => [visit.id, lineOf(visit)])));
  const label = make("label", "", words.moveLabel);
  label.htmlFor = select.id;
  const answer = await show(words.moveAsk, (dialog) => {
    const field = make("p", "field", label, select);
    const yes = choiceButton({ value: "yes", text: words.move, kind: "primary" });
    const no = choiceButton({ value: "", text: words.cancel });
    dialog.append(make("p", "muted", words.moveText), field, make("div", "actions", yes, no));
  });
  return answer ? visits.find(({ id }) => id === select.value) : undefined;
}

/** @param {Visit} visit */
function lineOf(visit) {
  return [labelOf(visit), visit.secondIdentifier, visit.closedAt && words.closedMark]
    .filter(Boolean)
    .join(" · ");
}

/** @param {import("./desk.js").Desk} desk @param {Photo} photo @param {Visit} to */
async function offerUndo(desk, photo, to) {
  const undo = await toast(withNames(words.moved, labelOf(to)), {
    action: words.undo,
    dismiss: words.close,
  });
  if (!undo) return;
  const back = desk.move({ ...photo, consultationId: to.id }, photo.consultationId);
  await back.then(() => desk.refresh()).catch((error) => void toast(trouble("move", error)));
}
