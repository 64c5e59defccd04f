/**
 * The heart of the queue as a pure function: a state and one event in, the next state and what to
 * begin out. Clock, random source and every answer come in as events, so a million histories can
 * be played through it.
 */

import { onCompleted, onDeleted, onPresigned, onPut, onSettled } from "./transitions.js";
import { releaseParked } from "./attribution.js";
import { needsReceipt } from "../errors.js";
import { statusUpdates, pauseKey, pauseEffects } from "./status-updates.js";
import { plan } from "./scheduler.js";
import { change, isBusy, taskOf } from "./state.js";

/** @import { CoreEvent, CoreState, Effect, PauseStatus, Row, Task } from "./state.js" */

/** A link that the run before left in order. */
const GOOD_LINK = Object.freeze({ attempt: 0, inMs: 0, reason: "" });

/**
 * @param {PauseStatus | null} pause as the run before left it
 * @param {number} now
 * @returns {CoreState}
 */
export function initialState(pause, now) {
  const link = pause?.concerns === "link" ? pause : GOOD_LINK;
  return {
    failures: link.attempt,
    until: now + /** @type {number} */ (link.inMs),
    reason: link.reason,
    failing: needsReceipt(link.reason) ? "store" : "api",
    previousSignInReason: pause?.concerns === "person" ? pause.reason : null,
    pauseWritten: pauseKey(pause),
    tasks: new Map(),
    presigning: false,
    presignedAt: 0,
    putMs: null,
    stored: 0,
    turn: 0,
    failedAt: 0,
    passed: { url: 0, store: 0, receipt: 0 },
    oneByOne: false,
    signInReason: null,
    stopping: false,
  };
}

/**
 * @param {CoreState} state never changed
 * @param {CoreEvent} event
 * @returns {{state: CoreState, effects: Effect[]}}
 */
export function step(state, event) {
  const draft = { ...state, tasks: new Map(state.tasks) };
  const caused = apply(draft, event);
  const planned = plan(draft, event.now, () => statusUpdates(draft, event.now));
  return { state: draft, effects: [...caused, ...pauseEffects(draft, event.now), ...planned] };
}

/**
 * @param {CoreState} state a draft
 * @param {CoreEvent} event
 * @returns {Effect[]}
 */
function apply(state, event) {
  switch (event.type) {
    case "loaded":
      return onLoaded(state, event.rows, event.now);
    case "presigned":
      return onPresigned(state, event);
    case "put":
      return onPut(state, event);
    case "completed":
      return onCompleted(state, event);
    case "deleted":
      return onDeleted(state, event);
    case "settled":
      return onSettled(state, event);
    default:
      return onPush(state, event);
  }
}

/**
 * Takes over what the queue holds now; what is under way stays as it is.
 * @param {CoreState} state a draft
 * @param {Row[]} rows
 * @param {number} now
 * @returns {Effect[]}
 */
function onLoaded(state, rows, now) {
  const known = state.tasks;
  const listed = new Map(rows.map((row) => [row.photoId, row]));
  const kept = [...known.values()].filter((task) => isBusy(task) || stays(task, listed));
  const keptIds = new Set(kept.map((task) => task.photoId));
  const added = rows.filter((row) => !keptIds.has(row.photoId)).map((row) => taskOf(row, now));
  const tasks = [...kept, ...added].sort((a, b) => a.seq - b.seq);
  state.tasks = new Map(tasks.map((task) => [task.photoId, task]));
  return [];
}

/**
 * @param {Task} task idle
 * @param {Map<string, Row>} listed
 */
function stays(task, listed) {
  const row = listed.get(task.photoId);
  if (!row) return false;
  if (row.action === "delete") return task.stage === "pending-delete";
  // The user asked for a retry: earlier failures no longer count.
  return row.attempt >= task.attempt;
}

/**
 * @param {CoreState} state a draft
 * @param {CoreEvent} event
 * @returns {Effect[]}
 */
function onPush(state, event) {
  if (event.type === "gone") state.tasks.delete(event.photoId);
  if (event.type === "stop") state.stopping = true;
  if (event.type !== "hurry") return [];
  state.failures = 0;
  state.until = event.now;
  state.signInReason = null;
  state.previousSignInReason = null;
  // Written again: a status update on its way to the database would bring the old wait back.
  for (const task of state.tasks.values()) {
    if (task.until > event.now) change(state, task, { until: event.now, written: "" });
  }
  releaseParked(state);
  return [];
}
