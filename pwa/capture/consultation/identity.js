/**
 * What a consultation is called wherever the clinician decides about a photo: its label, and what
 * distinguishes it from another one of that label: second identifier, day and time.
 */
import { compared } from "../../page/names.js";
import { when } from "../../page/times.js";
import { phone as words } from "../../page/words/phone.js";

/** @import { Binding, Known } from "./consultation-guard.js" */
/** @import { State } from "../store.js" */
/** @typedef {Pick<Binding, "id"|"label"|"openedAt"|"secondIdentifier">} Named */

/**
 * @param {{id: string, label: string}} binding
 * @param {Known|null} known
 * @param {string} [none] what to call the place for photos without a consultation
 */
export function labelOf({ id, label }, known, none = words.noConsultation) {
  return id === known?.unfiled.id ? none : label;
}

/**
 * The line beside the label; empty for photos without a consultation.
 * @param {Named|undefined} binding
 * @param {Named[]} others that it must not be mistaken for
 * @param {Known|null} known
 */
export function detailOf(binding, others, known) {
  if (!binding || binding.id === known?.unfiled.id) return "";
  const opened = binding.openedAt ? words.openedAt(twinTime(binding, others)) : "";
  return [binding.secondIdentifier, opened, tailOf(binding, others)].filter(Boolean).join(" · ");
}

/**
 * The part in which a consultation differs from another one of its label; empty where the labels do.
 * @param {Named} binding
 * @param {Named} other
 */
export function difference(binding, other) {
  if (compared(binding.label) !== compared(other.label) || binding.id === other.id) return "";
  const identifier = binding.secondIdentifier ?? "";
  if (identifier && compared(identifier) !== compared(other.secondIdentifier)) return identifier;
  const time = binding.openedAt ? twinTime(binding, [other]) : "";
  return [time, tailOf(binding, [other])].filter(Boolean).join(" ");
}

/** Every consultation that the phone may name now. @param {State} state @returns {Named[]} */
export function namedIn({ known, cameraSession, listing }) {
  const photos = listing.photos.map((photo) => bindingOfPhoto(photo));
  const moves = (known?.moves ?? []).flatMap(({ from, to }) => [from, to]);
  const all = [known?.current, cameraSession?.consultation, ...moves, ...photos];
  return /** @type {Named[]} */ (all.filter(Boolean));
}

/**
 * The consultation of a photo: by the server's last answer where that has it, else as at the shutter.
 * @param {PhotoOf} photo
 * @param {Known|null} [known]
 * @returns {Binding}
 */
export function bindingOfPhoto(photo, known) {
  const { current = null, unfiled = null } = known ?? {};
  const now = [current, unfiled].find((binding) => binding?.id === photo.consultationId);
  return (
    now ?? {
      id: photo.consultationId,
      label: photo.consultationLabel,
      kind: "visit",
      openedAt: photo.consultationOpenedAt ?? "",
      secondIdentifier: photo.consultationSecondIdentifier ?? null,
    }
  );
}

/**
 * @typedef {object} PhotoOf
 * @property {string} consultationId
 * @property {string} consultationLabel
 * @property {string} [consultationOpenedAt]
 * @property {string|null} [consultationSecondIdentifier]
 */

/** When it was opened, down to the second where the minute is another one's too. @param {Named} binding @param {Named[]} others */
export function twinTime(binding, others) {
  const time = when(binding.openedAt);
  const shared = twinsOf(binding, others).some(
    ({ openedAt }) => openedAt && when(openedAt) === time,
  );
  return shared ? when(binding.openedAt, new Date(), undefined, true) : time;
}

/** The last resort: two of one label, one identifier and one second. @param {Named} binding @param {Named[]} others */
function tailOf(binding, others) {
  const second = (/** @type {string} */ iso) => iso.slice(0, 19);
  const same = twinsOf(binding, others).some(
    ({ openedAt }) => second(openedAt) === second(binding.openedAt),
  );
  return same ? words.numbered(binding.id.slice(-4)) : "";
}

/** @param {Named} binding @param {Named[]} others */
function twinsOf({ id, label, secondIdentifier }, others) {
  return others.filter(
    (other) =>
      other.id !== id &&
      compared(other.label) === compared(label) &&
      compared(other.secondIdentifier) === compared(secondIdentifier),
  );
}
