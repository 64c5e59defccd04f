/**
 * Attributes a refusal. At each gate (URL, store, receipt) it is the photo's own only where another
 * photo came to the same gate after its first refusal and got through, and no photo has met its
 * first refusal since. Where no photo is known to get through, the whole queue waits as for a lost
 * link.
 */

import { NOT_REFUSED, change } from "./state.js";

/** @import { CoreState, Gate, Task } from "./state.js" */

/**
 * @param {CoreState} state a draft
 * @param {Task} task about to ask at this gate
 * @param {Gate} gate
 * @returns {Task}
 */
export function recordTurn(state, task, gate) {
  // One request for many URLs is one turn for all of them; the scheduler counts it.
  if (gate !== "url") state.turn += 1;
  return change(state, task, { turns: { ...task.turns, [gate]: state.turn } });
}

/**
 * @param {CoreState} state a draft
 * @param {Task} task that got through
 * @param {Gate} gate
 */
export function recordPassed(state, task, gate) {
  const turn = Math.max(state.passed[gate], task.turns[gate]);
  state.passed = { ...state.passed, [gate]: turn };
}

/**
 * @param {CoreState} state a draft
 * @param {Task} task
 * @param {Gate} gate that refused it
 * @returns {Task} with the refusal recorded
 */
export function recordRefusal(state, task, gate) {
  const first = task.refused[gate] ?? task.turns[gate];
  return change(state, task, { refused: { ...task.refused, [gate]: first } });
}

/**
 * @param {CoreState} state
 * @param {Task} task refused at this gate
 * @param {Gate} gate
 */
export function isOwn(state, { photoId, refused }, gate) {
  if (state.passed[gate] < /** @type {number} */ (refused[gate])) return false;
  return !anotherWasRefused(state, photoId, gate);
}

/**
 * @param {CoreState} state
 * @param {string} photoId
 * @param {Gate} gate
 * @returns {boolean} another photo met its first refusal after the last one that got through
 */
function anotherWasRefused(state, photoId, gate) {
  for (const task of state.tasks.values())
    if (task.photoId !== photoId && (task.refused[gate] ?? 0) > state.passed[gate]) return true;
  return false;
}

/**
 * @param {CoreState} state
 * @param {Task} task just refused
 * @param {Gate} gate
 * @param {number} now
 * @returns {boolean} another photo will soon show whether all are refused; a second refusal is enough to wait
 */
export function anotherMayDecide(state, { photoId }, gate, now) {
  if (state.failures > 0 || anotherWasRefused(state, photoId, gate)) return false;
  const others = [...state.tasks.values()].filter((task) => task.photoId !== photoId);
  return others.some((task) => BEFORE[gate].has(task.stage) && task.until <= now);
}

/** Stages before each gate. @type {Readonly<Record<Gate, ReadonlySet<string>>>} */
const BEFORE = Object.freeze({
  url: new Set(["fresh"]),
  store: new Set(["fresh", "signing", "signed"]),
  receipt: new Set(["fresh", "signing", "signed", "putting", "sent"]),
});

/** So many failures in a row are an outage: nothing that was refused in it speaks against a photo. */
const OUTAGE = 3;

/**
 * A photo has got through: what was parked because the way was not free is tried once more.
 * @param {CoreState} state a draft, as it was before
 */
export function recoverFromOutage(state) {
  if (state.failing !== "store" || state.failures === 0) return;
  releaseParked(state);
  if (state.failures < OUTAGE) return;
  for (const task of state.tasks.values())
    change(state, task, { refused: NOT_REFUSED, openRefusal: null });
}

/**
 * What was parked for a reason that may be over is tried once more.
 * @param {CoreState} state a draft
 */
export function releaseParked(state) {
  for (const task of state.tasks.values()) {
    if (task.stage !== "parked" || !task.again) continue;
    change(state, task, { stage: task.sent ? "sent" : "fresh", until: 0 });
  }
}
