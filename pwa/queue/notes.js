/**
 * What the database, and so the screen, shall show after a step: computed from the state and
 * compared with what was written last, so that no transition can forget it.
 */

import { keyOf } from "./task.js";

/** @import { CoreState, Effect, Note, PauseNote, Stage, Task } from "./task.js" */

/** @type {Partial<Record<Stage, string>>} */
const SHOWN = {
  putting: "sending",
  confirming: "confirming",
  settling: "confirming",
  doomed: "deleting",
  deleting: "deleting",
  parked: "parked",
  left: "waiting",
};

/**
 * @param {CoreState} state a draft; the tasks noted are marked as written
 * @param {number} now
 * @returns {Note[]}
 */
export function notesOf(state, now) {
  const notes = [];
  for (const task of state.tasks.values()) {
    const note = noteOf(state, task, now);
    const written = keyOf(note);
    if (written === task.written) continue;
    state.tasks.set(task.photoId, { ...task, written });
    // The transaction that hands out the bytes of a photo also says that it is being sent.
    if (note.state !== "sending") notes.push(note);
  }
  return notes;
}

/**
 * @param {CoreState} state a draft
 * @param {number} now
 * @returns {Effect[]}
 */
export function pauseOf(state, now) {
  const pause = pauseNote(state, now);
  const written = pauseKey(pause);
  if (written === state.pauseWritten) return [];
  state.pauseWritten = written;
  return [{ type: "pause", pause }];
}

/**
 * @param {PauseNote | null} pause
 * @returns {string} equal for what looks the same
 */
export const pauseKey = (pause) =>
  pause ? [pause.concerns, pause.reason, pause.attempt].join() : "";

/**
 * @param {CoreState} state
 * @param {number} now
 * @returns {PauseNote | null}
 */
function pauseNote(state, now) {
  const reason = state.person ?? (state.failures === 0 ? state.doubted : null);
  if (reason !== null) return { concerns: "person", reason, attempt: 0, inMs: null };
  if (state.failures === 0) return null;
  const inMs = Math.max(0, state.until - now);
  return { concerns: "link", reason: state.reason, attempt: state.failures, inMs };
}

/**
 * @param {CoreState} state
 * @param {Task} task
 * @param {number} now
 * @returns {Note}
 */
function noteOf(state, task, now) {
  const { photoId, attempt, equal, sent } = task;
  const reason = task.doubt?.why.reason ?? task.reason;
  const inMs = task.until > now ? task.until - now : null;
  return { photoId, state: shown(state, task, now), reason, attempt, equal, sent, inMs };
}

/**
 * @param {CoreState} state
 * @param {Task} task
 * @param {number} now
 */
function shown(state, task, now) {
  const fixed = SHOWN[task.stage];
  if (fixed) return fixed;
  if (task.until > now) return "waiting";
  const paused = state.failures > 0 || state.person !== null || state.stopping;
  // Nothing is on its way in a pause: the photo can be deleted again.
  return task.stage === "sent" && !paused ? "confirming" : "queued";
}
