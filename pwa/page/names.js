/**
 * What users wrote themselves (labels, identifiers, names, notes) among the page's own words. A browser
 * that translates the page leaves it as it was written, and its direction is its own.
 */

/** @typedef {string | (string | Node)[]} Words plain, or with names set apart in it */

// Private use characters: no catalogue and no keyboard has them.
const FIRST_MARK = 0xe000;
const MARKS = /([\ue000-\ue0ff])/;

// Joiners, fillers, selectors, tags and controls: what shows nothing. The server compares labels in the same way.
// eslint-disable-next-line no-control-regex -- controls are what it takes out
const UNSEEN = /\p{Default_Ignorable_Code_Point}|[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]/gu;

/** A label or an identifier as users see and compare it. @param {string | null | undefined} text */
export const compared = (text) =>
  (text ?? "")
    .normalize("NFKC")
    .replace(UNSEEN, "")
    .toLowerCase()
    .replace(/[\s\u2800]+/g, " ")
    .trim();

/** @param {string} text @returns {HTMLElement} */
export function name(text) {
  const element = document.createElement("bdi");
  element.className = "name";
  element.textContent = text;
  return asWritten(element);
}

/** Marks an element whose whole text a user wrote. @template {HTMLElement} T @param {T} element @returns {T} */
export function asWritten(element) {
  element.translate = false;
  element.dir = "auto";
  return element;
}

/**
 * A sentence of the catalogue with names in it, wherever a language puts them. A name that ends in a full
 * stop, such as initials, is not followed by another one.
 * @param {(...names: string[]) => string} sentence @param {...string} names
 * @returns {(string | Node)[]}
 */
export function withNames(sentence, ...names) {
  const marks = names.map((_, at) => String.fromCharCode(FIRST_MARK + at));
  const pieces = sentence(...marks).split(MARKS);
  const nameAt = (/** @type {number} */ at) => names[marks.indexOf(pieces[at])];
  const ends = (/** @type {number} */ at) => nameAt(at)?.trimEnd().endsWith(".");
  return pieces
    .map((piece, at) => (ends(at - 1) ? piece.replace(/^\./, "") : piece))
    .map((piece, at) => (nameAt(at) === undefined ? piece : name(nameAt(at))))
    .filter(Boolean);
}

/** Fills an element, only where its words differ. @param {Element} element @param {Words} words */
export function fill(element, words) {
  const made = document.createElement("div");
  made.append(...(typeof words === "string" ? [words] : words));
  if (element.innerHTML !== made.innerHTML) element.replaceChildren(...made.childNodes);
}
