/**
 * The name of a consultation wherever the user decides about a photo: its label, and what
 * distinguishes it from others of that label: second identifier, day and time. Differences stand out.
 */
import { asWritten, compared } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { make } from "../../page/dom.js";
import { when } from "../times.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation */
/** @typedef {Pick<Consultation, "id" | "kind" | "label" | "secondIdentifier" | "openedAt" | "closedAt">} Named */

/** @param {Pick<Consultation, "kind" | "label">} consultation */
export function labelOf(consultation) {
  return consultation.kind === "unfiled" ? words.unfiled : consultation.label;
}

/** Other consultations of the same label. @param {Named} consultation @param {Named[]} consultations */
function twinsOf(consultation, consultations) {
  const label = compared(consultation.label);
  return consultations.filter(
    ({ id, kind, label: other }) =>
      kind === "visit" &&
      consultation.kind === "visit" &&
      id !== consultation.id &&
      compared(other) === label,
  );
}

/**
 * What distinguishes a consultation from the others of its label.
 * @param {Named} consultation @param {Named[]} consultations @param {Date} [now]
 * @returns {{ isTwin: boolean, by: "identifier" | "time" | null, seconds: boolean }}
 */
export function apartBy(consultation, consultations, now = new Date()) {
  const twins = twinsOf(consultation, consultations);
  if (!twins.length) return { isTwin: false, by: null, seconds: false };
  const own = compared(consultation.secondIdentifier);
  const alike = twins.filter((twin) => !own || compared(twin.secondIdentifier) === own);
  if (!alike.length) return { isTwin: true, by: "identifier", seconds: false };
  const minute = (/** @type {Named} */ { openedAt }) => when(openedAt, now, words.locale);
  const seconds = alike.some((twin) => minute(twin) === minute(consultation));
  return { isTwin: true, by: "time", seconds };
}

/**
 * Second identifier, when it was opened and, of a closed one, when it was closed.
 * @param {Named} consultation @param {Named[]} consultations @param {Date} [now]
 * @returns {HTMLElement[]} one element for each part
 */
export function detailOf(consultation, consultations, now = new Date()) {
  if (consultation.kind === "unfiled") return [];
  const { by, seconds } = apartBy(consultation, consultations, now);
  const second = consultation.secondIdentifier ?? "";
  const opened = words.opened(when(consultation.openedAt, now, words.locale, seconds));
  return [
    ...(second ? [asWritten(part(second, by === "identifier"))] : []),
    part(opened, by === "time"),
  ];
}

/** @param {string} text @param {boolean} differs */
const part = (text, differs) => make(differs ? "strong" : "span", differs ? "differs" : "", text);

/**
 * Parts in one line, with dots between them.
 * @param {(Node | string | false | null | undefined)[]} parts
 * @returns {(Node | string)[]}
 */
export function dotted(parts) {
  const there = /** @type {(Node | string)[]} */ (parts.filter(Boolean));
  return there.flatMap((one, at) => (at ? [" · ", one] : [one]));
}

/**
 * The open consultation that a new one, or a corrected one, would look like.
 * @param {import("../../shared/api-types.js").NewConsultation} identity @param {Consultation[]} consultations @param {{ id: string } | null} except
 */
export function openTwin({ label, secondIdentifier }, consultations, except) {
  const own = compared(secondIdentifier);
  return consultations.find(
    (consultation) =>
      consultation.kind === "visit" &&
      !consultation.closedAt &&
      consultation.id !== except?.id &&
      compared(consultation.label) === compared(label) &&
      (!own || compared(consultation.secondIdentifier) === own),
  );
}

/** All of it as plain text, for a sentence. @param {Named} consultation @param {Named[]} consultations @param {Date} [now] */
export function nameOf(consultation, consultations, now) {
  const details = detailOf(consultation, consultations, now).map(
    ({ textContent }) => textContent ?? "",
  );
  return [labelOf(consultation), ...details].join(" · ");
}

/** Label in full, and the line that distinguishes it. @param {Named} consultation @param {Named[]} consultations @param {string} tag */
export function named(consultation, consultations, tag = "span") {
  const label = asWritten(make("strong", "name-label", labelOf(consultation)));
  const closed =
    consultation.closedAt && words.closedAt(when(consultation.closedAt, new Date(), words.locale));
  const detail = dotted([...detailOf(consultation, consultations), closed]);
  const lines = detail.length ? [make("span", "name-detail", ...detail)] : [];
  return make(/** @type {"span"} */ (tag), "named", label, ...lines);
}
