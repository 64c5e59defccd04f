/**
 * To which consultation the next shutter belongs (I4), as pure functions.
 *
 * A camera visit has one consultation and never changes it by itself. While a question is open no
 * photo may be taken; only the clinician's answer, or the server's word that nothing has changed,
 * closes it.
 */

/** @typedef {{id: string, label: string, kind: string, openedAt: string}} Binding a consultation, as far as the shutter needs it */
/**
 * The server's last word and when it came, in ms.
 * @typedef {object} Known
 * @property {Binding|null} current
 * @property {Binding} unfiled
 * @property {number} confirmedAt
 * @property {string|null} [closed] the consultation of the open camera, where it was closed
 */
/** @typedef {{kind: "moved" | "closed", to: Binding} | {kind: "stale", confirmedAt: number}} Question */
/** @typedef {{belongs: Binding, taken: boolean, declined: string|null, question: Question|null}} Visit `taken`: whether it has a photo in the consultation to which it belongs */

/**
 * A new visit; with nothing open its photos are unfiled.
 * @param {Known} known
 * @param {number} now ms
 * @param {number} staleMinutes
 * @returns {Visit}
 */
export function begin(known, now, staleMinutes) {
  const visit = { belongs: target(known), taken: false, declined: null, question: null };
  return resume(visit, known, now, staleMinutes);
}

/**
 * The visit when the camera comes back into use: an old consultation is asked about again.
 * @param {Visit} visit
 * @param {Known} known
 * @param {number} now
 * @param {number} staleMinutes
 * @returns {Visit}
 */
export function resume(visit, known, now, staleMinutes) {
  if (visit.question || visit.belongs.kind === "unfiled") return visit;
  if (!isStale(known.confirmedAt, now, staleMinutes)) return visit;
  return { ...visit, question: { kind: "stale", confirmedAt: known.confirmedAt } };
}

/**
 * The server spoke: ask when the desktop has moved, be quiet when it has not. A closed consultation
 * takes no new photos: what was answered before does not count.
 * @param {Visit} visit
 * @param {Known} known
 * @returns {Visit}
 */
export function hear(visit, known) {
  const to = target(known);
  if (to.id === visit.belongs.id) return { ...visit, question: null };
  if (known.closed === visit.belongs.id) return { ...visit, question: { kind: "closed", to } };
  if (to.id === visit.declined) return { ...visit, question: null };
  return { ...visit, question: { kind: "moved", to } };
}

/**
 * The clinician's answer. `keep`: this visit stays; the same consultation is not offered again.
 * `switch`: it moves. `use`: the old consultation is still right. `decline`: it is not, unfiled.
 * @param {Visit} visit
 * @param {"keep"|"switch"|"use"|"decline"} answer
 * @param {Known} known
 * @returns {Visit}
 */
export function answer(visit, answer, known) {
  const { question } = visit;
  if (question?.kind === "moved") return answerMoved(visit, question.to, answer);
  if (question?.kind === "closed" && answer === "switch") return move(question.to);
  if (question?.kind === "stale") return answerStale(visit, known, answer);
  return visit;
}

/** @param {Visit} visit @param {Binding} to @param {string} answer @returns {Visit} */
function answerMoved(visit, to, answer) {
  if (answer === "keep") return { ...visit, declined: to.id, question: null };
  return answer === "switch" ? move(to) : visit;
}

/** @param {Binding} to @returns {Visit} */
function move(to) {
  return { belongs: to, taken: false, declined: null, question: null };
}

/** @param {Visit} visit @param {Known} known @param {string} answer @returns {Visit} */
function answerStale(visit, { unfiled }, answer) {
  if (answer === "use") return { ...visit, question: null };
  if (answer !== "decline") return visit;
  return { belongs: unfiled, taken: false, declined: visit.belongs.id, question: null };
}

/**
 * Whether the server's word is too old; a clock that went backwards makes it old as well.
 * @param {number} confirmedAt
 * @param {number} now
 * @param {number} staleMinutes
 */
export function isStale(confirmedAt, now, staleMinutes) {
  const age = now - confirmedAt;
  return !(age >= 0 && age <= staleMinutes * 60_000);
}

/** @param {Known} known @returns {Binding} */
export function target({ current, unfiled }) {
  return current ?? unfiled;
}
