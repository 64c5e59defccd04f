/** The consultation of a photo, wherever the clinician decides about it: review, queue, button. */
import { fill, name, withNames } from "../../page/names.js";
import { when } from "../../page/times.js";
import { phone as words } from "../../page/words/phone.js";
import { byId, find, make } from "../../page/dom.js";
import { bindingOfPhoto, detailOf, labelOf, namedIn } from "../consultation/identity.js";

/** @import { State } from "../store.js" */
/** @import { PhotoSummary } from "../../queue/photo-record.js" */
/** @typedef {Pick<PhotoSummary, "consultationId"|"consultationLabel"|"consultationOpenedAt"|"consultationSecondIdentifier">} Placed */

/**
 * The label with what distinguishes it; emphasised where it is not the consultation in the heading.
 * @param {HTMLElement} row @param {Placed} photo @param {State} state @param {boolean} elsewhere
 */
export function drawPlace(row, photo, state, elsewhere) {
  const line = find(row, ".other", HTMLElement);
  const binding = bindingOfPhoto(photo, state.known);
  const detail = detailOf(binding, namedIn(state), state.known);
  line.classList.toggle("elsewhere", elsewhere);
  fill(line, [
    name(labelOf(binding, state.known)),
    ...(detail ? [" ", make("span", "detail", name(detail))] : []),
  ]);
}

/**
 * One photo in a sentence: whose it is and when it was taken.
 * @param {Placed & {capturedAt: string}} photo @param {State} state @returns {(string|Node)[]}
 */
export function photoLine(photo, state) {
  const binding = bindingOfPhoto(photo, state.known);
  const label = name(labelOf(binding, state.known));
  const detail = detailOf(binding, namedIn(state), state.known);
  const taken = words.taken(when(photo.capturedAt));
  return [label, ...(detail ? [" · ", name(detail)] : []), " · ", taken];
}

/** The button says when its photos belong to two patients, and how many to each. @param {PhotoSummary[]} photos @param {State} state */
export function drawUpload(photos, state) {
  /** @type {Map<string, PhotoSummary[]>} */
  const places = new Map();
  for (const photo of photos)
    places.set(photo.consultationId, [...(places.get(photo.consultationId) ?? []), photo]);
  const several = places.size > 1;
  const count = photos.length;
  // Photos without a consultation belong to no known patient.
  const patients = [...places.keys()].filter((id) => id !== state.known?.unfiled.id).length;
  fill(byId("upload"), patients > 1 ? words.uploadFor(count, patients) : words.upload(count));
  byId("upload").disabled = !count;
  byId("upload-each").hidden = !several;
  const lines = [...places.values()].flatMap((each, at) => [
    at ? "\n" : "",
    ...lineOf(each, state),
  ]);
  fill(byId("upload-each"), several ? lines : "");
}

/** @param {PhotoSummary[]} photos of one consultation @param {State} state @returns {(string|Node)[]} */
function lineOf(photos, state) {
  const binding = bindingOfPhoto(photos[0], state.known);
  const detail = detailOf(binding, namedIn(state), state.known);
  const label = labelOf(binding, state.known);
  const line = withNames((shown) => words.each(photos.length, shown), label);
  return detail ? [...line, " · ", make("span", "detail", name(detail))] : line;
}
