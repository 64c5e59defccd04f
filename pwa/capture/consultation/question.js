/** The words of the open question, for the card on every screen and for the dialog. */
import { phone as words } from "../../page/words/phone.js";
import { doubtIn } from "./place-doubts.js";
import { detailOf, difference, labelOf, namedIn } from "./identity.js";

/** @import { Binding, Known, CameraSession } from "./consultation-guard.js" */
/** @import { Doubt } from "./place-doubts.js" */
/** @import { Named } from "./identity.js" */
/** @import { State } from "../store.js" */

/**
 * @typedef {object} Asked
 * @property {string} text
 * @property {Piece[]} pieces the same words, in which the consultations stand out
 * @property {Answer[]} choices none while the server is being asked
 */
/** @typedef {string|{name: string}} Piece */
/**
 * @typedef {object} Answer
 * @property {string} value
 * @property {string} text
 * @property {Piece[]} pieces
 * @property {string} [detail] what distinguishes the consultation from others of its label
 * @property {string} [mark] the part of it that differs from the other answer's
 */
/** @typedef {{known: Known, others: Named[]}} Around what the names must be distinguished from */

export const ONE_BY_ONE = "one-by-one";
export const PLACE = "place:";

/**
 * What the clinician is asked now, on whatever screen.
 * @param {State} state
 * @returns {Asked|null}
 */
export function openQuestion(state) {
  const { known, cameraSession, retake, flow } = state;
  if (!known || !cameraSession) return null;
  // A retake belongs where its photo did: nothing is asked.
  if (retake && flow.screen === "camera") return null;
  const around = { known, others: namedIn(state) };
  const asked = questionOf(cameraSession, known, around.others, Date.now() + state.clockOffset);
  if (!asked) return openDoubt(state, around);
  return asked.choices.length || flow.screen === "camera" ? asked : null;
}

/** @param {State} state @param {Around} around */
function openDoubt({ listing }, around) {
  const doubt = doubtIn(listing.photos, around.known.moves ?? []);
  return doubt && placingOf(doubt, around);
}

/**
 * @param {CameraSession} cameraSession
 * @param {Known} known
 * @param {Named[]} [others]
 * @param {number} [now] ms, by the clock that `confirmedAt` was written with
 * @returns {Asked|null} null when nothing is asked
 */
export function questionOf({ consultation: belongs, taken, question }, known, others = [], now) {
  const around = { known, others: [...others, belongs] };
  switch (question?.kind) {
    case "asking":
      return asked([words.asking], []);
    case "name":
      return named(words.photosFor, words.yes, belongs, around);
    case "stale":
      return named(
        (label) => words.stale(label, age(question.confirmedAt, now)),
        words.use,
        belongs,
        around,
      );
    case "closed":
      return closed(belongs, question.to, around);
    case "moved":
      return moved(belongs, question.to, taken, around);
    default:
      return null;
  }
}

/**
 * @param {Doubt} doubt
 * @param {Around} around
 * @returns {Asked}
 */
export function placingOf({ photos, places }, around) {
  const choices = places.map((place) => choice(PLACE + place.id, itself, place, around));
  if (photos.length > 1) choices.push(plain(ONE_BY_ONE, words.oneByOne));
  return asked([words.takenAfterMove(photos.length)], choices);
}

/** @typedef {(label: string) => string} Sentence */

/** @param {Sentence} sentence @param {Sentence} yes @param {Binding} belongs @param {Around} around */
function named(sentence, yes, belongs, around) {
  const label = labelOf(belongs, around.known);
  return asked(within(sentence, label), [
    choice("use", yes, belongs, around),
    plain("decline", words.decline),
  ]);
}

/** @param {Binding} belongs @param {Binding} to @param {boolean} taken @param {Around} around */
function moved(belongs, to, taken, around) {
  const [ours, theirs] = [labelOf(belongs, around.known), labelOf(to, around.known)];
  const [our, their] = [titleOf(ours, belongs, to), titleOf(theirs, to, belongs)];
  const sentence = taken ? words.belongTo : words.cameraOn;
  return asked(
    [...within(words.movedTo, their), "\n", ...within(sentence, our)],
    [
      choice("keep", words.keep, belongs, around, to),
      choice("switch", words.switchTo, to, around, belongs),
    ],
  );
}

/** There is nothing to keep, and nothing is filed elsewhere by itself. @param {Binding} belongs @param {Binding} to @param {Around} around */
function closed(belongs, to, around) {
  const label = labelOf(belongs, around.known);
  const unfiled = to.id === around.known.unfiled.id;
  const on = unfiled
    ? plain("switch", words.carryOnUnfiled)
    : choice("switch", words.switchTo, to, around, belongs);
  return asked(
    [...within(words.closedOnDesktop, titleOf(label, belongs, to)), "\n", words.takesNoMore],
    [on, choice("reopen", words.reopen, belongs, around, to)],
  );
}

/** The label, and where another has the same one, what differs. @param {string} label @param {Binding} binding @param {Binding} other */
function titleOf(label, binding, other) {
  const apart = difference(binding, other);
  return apart ? `${label} (${apart})` : label;
}

/** @param {Piece[]} pieces @param {Answer[]} choices @returns {Asked} */
const asked = (pieces, choices) => ({ text: textOf(pieces), pieces, choices });

/** @param {Piece[]} pieces */
const textOf = (pieces) =>
  pieces.map((piece) => (typeof piece === "string" ? piece : piece.name)).join("");

/** @param {string} label */
const itself = (label) => label;

/** @param {string} value @param {string} text @returns {Answer} */
const plain = (value, text) => ({ value, text, pieces: [text] });

/** A sentence and the name within it, wherever a language puts it. @param {(name: string) => string} sentence @param {string} name @returns {Piece[]} */
function within(sentence, name) {
  const [before, after = ""] = sentence("\0").split("\0");
  return [before, { name }, after];
}

const LONGEST_AGO = 30 * 24 * 60; // minutes

/** @param {number} since ms @param {number} [now] ms */
function age(since, now = Date.now()) {
  const minutes = Math.floor((now - since) / 60_000);
  // A clock that jumped must not speak of years.
  return minutes > 0 && minutes < LONGEST_AGO ? words.ago(minutes) : words.longAgo;
}

/**
 * Alike in size and weight: no answer is suggested.
 * @param {string} value @param {(label: string) => string} sentence @param {Binding} binding @param {Around} around
 * @param {Binding} [other] the other answer's, from which it must differ
 * @returns {Answer}
 */
function choice(value, sentence, binding, { known, others }, other) {
  const pieces = within(sentence, labelOf(binding, known));
  const detail = detailOf(binding, other ? [...others, other] : others, known);
  const mark = other ? difference(binding, other) : "";
  return { value, text: textOf(pieces), pieces, detail, mark };
}
