/**
 * Photos taken after the desktop had gone on and before this phone knew of it: whose they are, only
 * the clinician knows. Nothing moves by itself, and nothing leaves before it is answered.
 */
import { target } from "./consultation-guard.js";
import { isPlaced } from "../../queue/photo-record.js";
import { bindingOfPhoto } from "./identity.js";

/** @import { Binding, Known, Move } from "./consultation-guard.js" */
/** @import { PhotoSummary } from "../../queue/photo-record.js" */
/** @typedef {{photos: PhotoSummary[], places: Binding[]}} Doubt photos of one consultation, and whose they may be */

/** More moves than a clinician makes while photos wait in review. */
const MOST = 12;

/**
 * The moves that are remembered after the server's next answer.
 * @param {Known|null} before
 * @param {Known} known
 * @param {PhotoSummary[]} photos
 * @returns {Move[]}
 */
export function movesAfter(before, known, photos) {
  const kept = (before?.moves ?? []).filter(({ after }) =>
    photos.some((photo) => photo.state === "captured" && takenAt(photo) >= after),
  );
  if (!before || target(before).id === target(known).id) return kept;
  return [...kept, ...movesBetween(before, known)].slice(-MOST);
}

/**
 * One after the other where the server reported all of them, else as one.
 * @param {Known} before @param {Known} known
 * @returns {Move[]}
 */
function movesBetween(before, known) {
  const steps = known.steps ?? [];
  const received = steps.findLastIndex(({ to }) => to.id === target(before).id);
  const missed = steps.slice(received + 1);
  const complete = missed.at(-1)?.to.id === target(known).id;
  const ways = complete ? missed : [{ to: target(known), after: known.since ?? 0 }];
  return ways.map(({ to, after }, at) => ({
    from: at ? ways[at - 1].to : target(before),
    to,
    // Not before the server's last other answer, nor before the time that it gives.
    after: Math.max(before.confirmedAt, after),
  }));
}

/**
 * The first consultation whose photos in review are in doubt.
 * @param {PhotoSummary[]} photos
 * @param {Move[]} moves oldest first
 * @returns {Doubt|null}
 */
export function doubtIn(photos, moves) {
  const first = photos.find((photo) => movesOf(photo, moves).length);
  if (!first) return null;
  const { consultationId } = first;
  const same = photos.filter(
    (photo) => photo.consultationId === consultationId && movesOf(photo, moves).length,
  );
  return { photos: same, places: placesOf(first, same, moves) };
}

/** @param {PhotoSummary} photo @param {Move[]} moves @returns {Move[]} that may have come before it */
function movesOf(photo, moves) {
  if (photo.state !== "captured" || isPlaced(photo)) return [];
  const later = moves.filter(({ after }) => takenAt(photo) >= after);
  const left = later.findIndex(({ from }) => from.id === photo.consultationId);
  const since = left < 0 ? [] : later.slice(left);
  // Where the desktop went on to no consultation, or came back from none, no other one is possible.
  const another = (/** @type {Binding} */ { id, kind }) =>
    kind !== "unfiled" && id !== photo.consultationId && id !== photo.placed?.over;
  return since.some(({ to }) => another(to)) ? since : [];
}

/** @param {PhotoSummary} first @param {PhotoSummary[]} same @param {Move[]} moves */
function placesOf(first, same, moves) {
  const all = same.flatMap((photo) => movesOf(photo, moves));
  const own = all.find(({ from }) => from.id === first.consultationId)?.from;
  const others = all.map(({ to }) => to).filter(({ kind }) => kind !== "unfiled");
  const places = [own ?? bindingOfPhoto(first), ...others];
  return places.filter(({ id }, at) => places.findIndex((place) => place.id === id) === at);
}

/** By the corrected clock, as the server's answers are; a retake is of the moment of the first one. @param {PhotoSummary} photo */
export const takenAt = ({ capturedAt, firstCapturedAt = capturedAt }) =>
  Date.parse(firstCapturedAt);
