/**
 * The question about a photo that was taken while another consultation was current: shown on its tile
 * and beside the large photo. Nothing moves by itself; Yes and Move are the answers.
 */
import { withNames } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { button, icon, make } from "../../page/dom.js";
import { apartBy, detailOf, dotted, labelOf, nameOf } from "./identity.js";

/** @typedef {import("../../shared/api-types.js").Photo} Photo @typedef {import("../../shared/api-types.js").Consultation} Consultation */
/** @typedef {{ yes(photo: Photo): void, move(photo: Photo): void }} PlaceAnswers */

/** The consultation that was current at the shutter, as the page knows it now. @param {Photo} photo @param {Consultation[]} consultations */
function consultationDuring({ takenDuring }, consultations) {
  return consultations.find(({ id }) => id === takenDuring?.id);
}

/** @param {Photo} photo @param {Consultation[]} consultations @returns {(string | Node)[]} */
function questionOf(photo, consultations) {
  const during = photo.takenDuring;
  if (!during) return [];
  const known = consultationDuring(photo, consultations);
  if (known?.kind === "unfiled") return [words.takenDuringNone];
  return withNames(words.takenDuring, known?.label ?? during.label);
}

/** The same without a question, for paper. @param {Photo} photo @param {Consultation[]} consultations */
export function notConfirmed(photo, consultations) {
  const during = photo.takenDuring;
  if (!during) return "";
  const known = consultationDuring(photo, consultations);
  if (known?.kind === "unfiled") return words.notConfirmedNone;
  const second = known ? known.secondIdentifier : during.secondIdentifier;
  return words.notConfirmed([known?.label ?? during.label, second].filter(Boolean).join(" · "));
}

/**
 * Where Yes leaves the photo: naming only the other patient would invite the wrong answer.
 * @param {Photo} photo @param {Consultation[]} consultations
 */
function stays({ consultationId }, consultations) {
  const own = consultations.find(({ id }) => id === consultationId);
  if (!own) return [];
  const byTime = apartBy(own, consultations).by === "time";
  const name = byTime
    ? nameOf(own, consultations)
    : [labelOf(own), own.secondIdentifier].filter(Boolean).join(" · ");
  return [make("p", "place-stays", ...withNames(words.placeStays, name))];
}

/** @param {Photo} photo @param {Consultation[]} consultations @param {PlaceAnswers} answers */
export function placeQuestion(photo, consultations, answers) {
  const sentence = make("p", "place-ask", ...questionOf(photo, consultations));
  sentence.id = `place-${photo.id}`;
  const known = consultationDuring(photo, consultations);
  const detail = known ? dotted(detailOf(known, consultations)) : [];
  const yes = button(words.placeYes, () => answers.yes(photo));
  const move = button(words.placeMove, () => answers.move(photo));
  const stay = stays(photo, consultations);
  for (const line of stay) line.id = `stays-${photo.id}`;
  const describing = [sentence, ...stay].map(({ id }) => id).join(" ");
  for (const answer of [yes, move]) answer.setAttribute("aria-describedby", describing);
  const lines = detail.length ? [make("p", "name-detail", ...detail)] : [];
  const body = make("div", "", sentence, ...lines, ...stay, make("p", "place-answers", yes, move));
  return make("div", "place-question note warn", icon("alert"), body);
}
