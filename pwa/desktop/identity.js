/**
 * What a consultation is called wherever a person decides about a photo: its label, and what tells it
 * from others of that label: second identifier, day and time. What differs between them stands out.
 */
import { asWritten, compared } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { make } from "./dom.js";
import { when } from "./times.js";

/** @typedef {import("./shapes.js").Visit} Visit */
/** @typedef {Pick<Visit, "id" | "kind" | "label" | "secondIdentifier" | "openedAt" | "closedAt">} Named */

/** @param {Pick<Visit, "kind" | "label">} visit */
export function labelOf(visit) {
  return visit.kind === "unfiled" ? words.unfiled : visit.label;
}

/** Other consultations of the same label. @param {Named} visit @param {Named[]} visits */
function twinsOf(visit, visits) {
  const label = compared(visit.label);
  return visits.filter(
    ({ id, kind, label: other }) =>
      kind === "visit" && visit.kind === "visit" && id !== visit.id && compared(other) === label,
  );
}

/**
 * What tells a consultation from the others of its label.
 * @param {Named} visit @param {Named[]} visits @param {Date} [now]
 * @returns {{ isTwin: boolean, by: "identifier" | "time" | null, seconds: boolean }}
 */
export function apartBy(visit, visits, now = new Date()) {
  const twins = twinsOf(visit, visits);
  if (!twins.length) return { isTwin: false, by: null, seconds: false };
  const own = compared(visit.secondIdentifier);
  const alike = twins.filter((twin) => !own || compared(twin.secondIdentifier) === own);
  if (!alike.length) return { isTwin: true, by: "identifier", seconds: false };
  const minute = (/** @type {Named} */ { openedAt }) => when(openedAt, now, words.locale);
  const seconds = alike.some((twin) => minute(twin) === minute(visit));
  return { isTwin: true, by: "time", seconds };
}

/**
 * Second identifier, when it was opened and, of a closed one, when it was closed.
 * @param {Named} visit @param {Named[]} visits @param {Date} [now]
 * @returns {HTMLElement[]} one element for each part
 */
export function detailOf(visit, visits, now = new Date()) {
  if (visit.kind === "unfiled") return [];
  const { by, seconds } = apartBy(visit, visits, now);
  const second = visit.secondIdentifier ?? "";
  const opened = words.opened(when(visit.openedAt, now, words.locale, seconds));
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
 * @param {import("./shapes.js").NewVisit} wish @param {Visit[]} visits @param {{ id: string } | null} except
 */
export function openTwin({ label, secondIdentifier }, visits, except) {
  const own = compared(secondIdentifier);
  return visits.find(
    (visit) =>
      visit.kind === "visit" &&
      !visit.closedAt &&
      visit.id !== except?.id &&
      compared(visit.label) === compared(label) &&
      (!own || compared(visit.secondIdentifier) === own),
  );
}

/** All of it as plain text, for a sentence. @param {Named} visit @param {Named[]} visits @param {Date} [now] */
export function nameOf(visit, visits, now) {
  const details = detailOf(visit, visits, now).map(({ textContent }) => textContent ?? "");
  return [labelOf(visit), ...details].join(" · ");
}

/** Label in full, and the line that tells it apart. @param {Named} visit @param {Named[]} visits @param {string} tag */
export function named(visit, visits, tag = "span") {
  const label = asWritten(make("strong", "name-label", labelOf(visit)));
  const closed = visit.closedAt && words.closedAt(when(visit.closedAt, new Date(), words.locale));
  const detail = dotted([...detailOf(visit, visits), closed]);
  const lines = detail.length ? [make("span", "name-detail", ...detail)] : [];
  return make(/** @type {"span"} */ (tag), "named", label, ...lines);
}
