/**
 * The question about a photo that was taken while another consultation was current: shown on its tile
 * and beside the large photo. Nothing moves by itself; Yes and Move are the answers.
 */
import { withNames } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { button, icon, make } from "./dom.js";
import { apartBy, detailOf, dotted, labelOf, nameOf } from "./identity.js";

/** @typedef {import("./shapes.js").Photo} Photo @typedef {import("./shapes.js").Visit} Visit */
/** @typedef {{ yes(photo: Photo): void, move(photo: Photo): void }} PlaceAnswers */

/** What the sentence is about, with today's words where the page knows them. @param {Photo} photo @param {Visit[]} visits */
function current({ takenDuring }, visits) {
  return visits.find(({ id }) => id === takenDuring?.id);
}

/** @param {Photo} photo @param {Visit[]} visits @returns {(string | Node)[]} */
export function questionOf(photo, visits) {
  const during = photo.takenDuring;
  if (!during) return [];
  const known = current(photo, visits);
  if (known?.kind === "unfiled") return [words.takenDuringNone];
  return withNames(words.takenDuring, known?.label ?? during.label);
}

/** The same without a question, for paper. @param {Photo} photo @param {Visit[]} visits */
export function notConfirmed(photo, visits) {
  const during = photo.takenDuring;
  if (!during) return "";
  const known = current(photo, visits);
  if (known?.kind === "unfiled") return words.notConfirmedNone;
  const second = known ? known.secondIdentifier : during.secondIdentifier;
  return words.notConfirmed([known?.label ?? during.label, second].filter(Boolean).join(" · "));
}

/**
 * Where Yes leaves it: a question that names the other patient alone is answered the wrong way round.
 * @param {Photo} photo @param {Visit[]} visits
 */
function stays({ consultationId }, visits) {
  const own = visits.find(({ id }) => id === consultationId);
  if (!own) return [];
  const byTime = apartBy(own, visits).by === "time";
  const name = byTime
    ? nameOf(own, visits)
    : [labelOf(own), own.secondIdentifier].filter(Boolean).join(" · ");
  return [make("p", "place-stays", ...withNames(words.placeStays, name))];
}

/** @param {Photo} photo @param {Visit[]} visits @param {PlaceAnswers} answers */
export function placeQuestion(photo, visits, answers) {
  const sentence = make("p", "place-ask", ...questionOf(photo, visits));
  sentence.id = `place-${photo.id}`;
  const known = current(photo, visits);
  const detail = known ? dotted(detailOf(known, visits)) : [];
  const yes = button(words.placeYes, () => answers.yes(photo));
  const move = button(words.placeMove, () => answers.move(photo));
  const stay = stays(photo, visits);
  for (const line of stay) line.id = `stays-${photo.id}`;
  const describing = [sentence, ...stay].map(({ id }) => id).join(" ");
  for (const answer of [yes, move]) answer.setAttribute("aria-describedby", describing);
  const lines = detail.length ? [make("p", "name-detail", ...detail)] : [];
  const says = make("div", "", sentence, ...lines, ...stay, make("p", "place-answers", yes, move));
  return make("div", "place-question note warn", icon("alert"), says);
}
