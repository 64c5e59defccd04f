/**
 * To which consultation the next shutter belongs (I4), as pure functions.
 *
 * The phone is on one consultation and never changes it by itself. While a question is open no
 * photo may be taken; only the clinician's answer, or a server's answer that nothing has changed,
 * closes it.
 */

/** @typedef {{id: string, label: string, kind: string, openedAt: string, secondIdentifier?: string|null}} Binding a consultation, as far as the shutter needs it */
/**
 * The server's last answer and when it was asked: an answer is as old as its question.
 * @typedef {object} Known
 * @property {Binding|null} current
 * @property {Binding} unfiled
 * @property {number} confirmedAt ms since 1970, by this phone's clock
 * @property {number} [heardAt] ms, by a clock of this page that is never set; absent where the answer was remembered
 * @property {number} [since] since when the current one can be current at the earliest, by this phone's clock
 * @property {string|null} [closed] the consultation of this phone, where it was closed
 * @property {Step[]} [steps] where the desktop went since the phone's own one was current, oldest first
 * @property {Move[]} [moves] the desktop's moves that photos in review may still depend on
 */
/** @typedef {{from: Binding, to: Binding, after: number}} Move the desktop went on, some time after `after` */
/** @typedef {{to: Binding, after: number}} Step as the server recorded it, by this phone's clock */
/**
 * `asking`: the server has not answered yet. `name`: it did not, so that the name must be tapped.
 * @typedef {{kind: "moved" | "closed", to: Binding} | {kind: "stale", confirmedAt: number}
 *   | {kind: "asking"} | {kind: "name"}} Question
 */
/**
 * @typedef {object} CameraSession
 * @property {Binding} consultation
 * @property {boolean} taken whether it has a photo in the consultation to which it belongs
 * @property {string|null} declined the consultation that was not switched to
 * @property {Question|null} question
 * @property {number|null} [namedAt] when the name was tapped in this camera session, ms
 */
/** @typedef {{wall: number, still: number}} Moment by the phone's clock, and by one that is never set */

/** An answer that corrects the clock may set it back by as much. */
const NOISE_MS = 5_000;
/** How long the server's answer lets photos be taken without another. */
const FRESH_MS = 20_000;

/**
 * A new camera session; with nothing open its photos are unfiled.
 * @param {Known} known
 * @returns {CameraSession}
 */
export function begin(known) {
  return sessionOn(target(known));
}

/**
 * The camera comes into use: no photo before the server was asked. A question that waits for the
 * clinician already stays, and what was answered for the last camera session counts no more.
 * @param {CameraSession} cameraSession
 * @returns {CameraSession}
 */
export function resume(cameraSession) {
  const { question } = cameraSession;
  const open = isOpen(question) && question?.kind !== "name" && question?.kind !== "stale";
  return { ...cameraSession, namedAt: null, question: open ? question : { kind: "asking" } };
}

/**
 * The camera and the review are left. What was kept or named was so for them alone: where the desktop
 * is elsewhere it is asked again.
 * @param {CameraSession} cameraSession
 * @param {Known} known
 * @returns {CameraSession}
 */
export function leaveCamera(cameraSession, known) {
  return onServerUpdate({ ...cameraSession, declined: null, namedAt: null }, known);
}

/**
 * The server gave no answer in time, or time has passed without one: its last one is used, or the
 * name is tapped. Photos without a consultation cannot reach a wrong patient.
 * @param {CameraSession} cameraSession
 * @param {Known} known
 * @param {Moment} now
 * @param {number} staleMinutes
 * @returns {CameraSession}
 */
export function unanswered(cameraSession, known, now, staleMinutes) {
  if (isOpen(cameraSession.question)) return cameraSession;
  if (mayShoot(cameraSession, known, now, staleMinutes))
    return cameraSession.question ? { ...cameraSession, question: null } : cameraSession;
  const { confirmedAt } = known;
  const stale = isStale(confirmedAt, now.wall, staleMinutes);
  return { ...cameraSession, question: stale ? { kind: "stale", confirmedAt } : { kind: "name" } };
}

/** @param {CameraSession} cameraSession @param {Known} known @param {Moment} now @param {number} staleMinutes */
function mayShoot({ consultation: belongs, namedAt }, known, now, staleMinutes) {
  if (belongs.kind === "unfiled" || isConfirmed(known, now)) return true;
  return typeof namedAt === "number" && !isStale(namedAt, now.wall, staleMinutes);
}

/**
 * Whether the server's answer is younger than 20 s by both clocks: one stands still while the phone
 * sleeps, the other may be set.
 * @param {Known} known
 * @param {Moment} now
 */
export function isConfirmed({ confirmedAt, heardAt }, now) {
  if (heardAt === undefined) return false;
  const ages = [now.wall - confirmedAt, now.still - heardAt];
  return ages.every((age) => age > -NOISE_MS && age < FRESH_MS);
}

/**
 * The server answered: asks when the desktop has moved, and not when it has not. A closed consultation
 * takes no new photos: what was answered before does not count.
 * @param {CameraSession} cameraSession
 * @param {Known} known
 * @returns {CameraSession}
 */
export function onServerUpdate(cameraSession, known) {
  const to = target(known);
  if (to.id === cameraSession.consultation.id)
    return { ...cameraSession, consultation: to, question: null };
  if (known.closed === cameraSession.consultation.id)
    return { ...cameraSession, question: { kind: "closed", to } };
  if (to.id === cameraSession.declined) return { ...cameraSession, question: null };
  return { ...cameraSession, question: { kind: "moved", to } };
}

/**
 * The clinician's answer. `keep`: this camera session stays; the same consultation is not offered again.
 * `switch`: it moves. `use`: the name is right. `decline`: it is not, unfiled.
 * @param {CameraSession} cameraSession
 * @param {"keep"|"switch"|"use"|"decline"} answer
 * @param {Known} known
 * @param {number} [now] ms
 * @returns {CameraSession}
 */
export function answer(cameraSession, answer, known, now = Date.now()) {
  const { question } = cameraSession;
  switch (question?.kind) {
    case "moved":
      return answerMoved(cameraSession, question.to, answer);
    case "closed":
      return answer === "switch" ? sessionOn(question.to) : cameraSession;
    case "stale":
    case "name":
      return answerName(cameraSession, known, answer, now);
    default:
      return cameraSession;
  }
}

/** @param {CameraSession} cameraSession @param {Binding} to @param {string} answer @returns {CameraSession} */
function answerMoved(cameraSession, to, answer) {
  if (answer === "keep") return { ...cameraSession, declined: to.id, question: null };
  return answer === "switch" ? sessionOn(to) : cameraSession;
}

/** @param {Binding} to @returns {CameraSession} */
function sessionOn(to) {
  return { consultation: to, taken: false, declined: null, question: null, namedAt: null };
}

/** @param {CameraSession} cameraSession @param {Known} known @param {string} answer @param {number} now @returns {CameraSession} */
function answerName(cameraSession, { unfiled }, answer, now) {
  if (answer === "use") return { ...cameraSession, question: null, namedAt: now };
  if (answer !== "decline") return cameraSession;
  return { ...sessionOn(unfiled), declined: cameraSession.consultation.id };
}

/**
 * Whether a question waits for the clinician, and not for the server.
 * @param {Question|null} question
 */
const isOpen = (question) => !!question && question.kind !== "asking";

/**
 * Whether the server's answer is too old; a clock that went backwards makes it old as well.
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
