/**
 * The heart of the queue as a pure function: a state and one event in, the next state and what to
 * begin out. Clock, random source and every answer come in as events, so a million histories can
 * be played through it.
 */

import { onCompleted, onDeleted, onPresigned, onPut, onSettled } from "./answers.js";
import { release } from "./doubt.js";
import { needsProof } from "./errors.js";
import { notesOf, pauseKey, pauseOf } from "./notes.js";
import { plan } from "./plan.js";
import { change, isBusy, taskOf } from "./task.js";

/** @import { CoreEvent, CoreState, Effect, PauseNote, Row, Task } from "./task.js" */

/**
 * @param {PauseNote | null} pause as the run before left it
 * @param {number} now
 * @returns {CoreState}
 */
export function initialState(pause, now) {
  const link = pause?.concerns === "link" ? pause : null;
  return {
    failures: link?.attempt ?? 0,
    until: now + (link?.inMs ?? 0),
    reason: link?.reason ?? "",
    failing: link && needsProof(link.reason) ? "store" : "api",
    doubted: pause?.concerns === "person" ? pause.reason : null,
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
    person: null,
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
  const planned = plan(draft, event.now, () => notesOf(draft, event.now));
  return { state: draft, effects: [...caused, ...pauseOf(draft, event.now), ...planned] };
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
  const held = new Set(kept.map((task) => task.photoId));
  const added = rows.filter((row) => !held.has(row.photoId)).map((row) => taskOf(row, now));
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
  if (row.wish === "delete") return task.stage === "doomed";
  // The person asked to try again: what it failed at before is forgotten.
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
  Object.assign(state, { failures: 0, until: event.now, person: null, doubted: null });
  // Written anew: a note that was on its way to the database would bring the old wait back.
  for (const task of state.tasks.values()) {
    if (task.until > event.now) change(state, task, { until: event.now, written: "" });
  }
  release(state);
  return [];
}
