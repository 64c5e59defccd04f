/**
 * What the database, and so the screen, shall show after a step: computed from the state and
 * compared with what was written last, so that no transition can forget it.
 */

import { keyOf } from "./state.js";

/** @import { CoreState, Effect, StatusUpdate, PauseStatus, Stage, Task } from "./state.js" */

/** @type {Partial<Record<Stage, string>>} */
const SHOWN = {
  putting: "sending",
  confirming: "confirming",
  settling: "confirming",
  "pending-delete": "deleting",
  deleting: "deleting",
  parked: "parked",
  left: "waiting",
};

/**
 * @param {CoreState} state a draft; the tasks updated are marked as written
 * @param {number} now
 * @returns {StatusUpdate[]}
 */
export function statusUpdates(state, now) {
  const updates = [];
  for (const task of state.tasks.values()) {
    const update = statusOf(state, task, now);
    const key = keyOf(update);
    if (key === task.written) continue;
    state.tasks.set(task.photoId, { ...task, written: key });
    // The transaction that hands out the bytes of a photo also writes that it is being sent.
    if (update.state !== "sending") updates.push(update);
  }
  return updates;
}

/**
 * @param {CoreState} state a draft
 * @param {number} now
 * @returns {Effect[]}
 */
export function pauseEffects(state, now) {
  const pause = pauseOfState(state, now);
  const key = pauseKey(pause);
  if (key === state.pauseWritten) return [];
  state.pauseWritten = key;
  return [{ type: "pause", pause }];
}

/**
 * @param {PauseStatus | null} pause
 * @returns {string} equal for what looks the same
 */
export const pauseKey = (pause) =>
  pause ? [pause.concerns, pause.reason, pause.attempt].join() : "";

/**
 * @param {CoreState} state
 * @param {number} now
 * @returns {PauseStatus | null}
 */
function pauseOfState(state, now) {
  const reason = state.signInReason ?? (state.failures === 0 ? state.previousSignInReason : null);
  if (reason !== null) return { concerns: "person", reason, attempt: 0, inMs: null };
  if (state.failures === 0) return null;
  const inMs = Math.max(0, state.until - now);
  return { concerns: "link", reason: state.reason, attempt: state.failures, inMs };
}

/**
 * @param {CoreState} state
 * @param {Task} task
 * @param {number} now
 * @returns {StatusUpdate}
 */
function statusOf(state, task, now) {
  const { photoId, attempt, equal, sent } = task;
  const reason = task.openRefusal?.why.reason ?? task.reason;
  const inMs = task.until > now ? task.until - now : null;
  return { photoId, state: shownState(state, task, now), reason, attempt, equal, sent, inMs };
}

/**
 * @param {CoreState} state
 * @param {Task} task
 * @param {number} now
 */
function shownState(state, task, now) {
  const fixed = SHOWN[task.stage];
  if (fixed) return fixed;
  if (task.until > now) return "waiting";
  const paused = state.failures > 0 || state.signInReason !== null || state.stopping;
  // Nothing is on its way in a pause: the photo can be deleted again.
  return task.stage === "sent" && !paused ? "confirming" : "queued";
}
