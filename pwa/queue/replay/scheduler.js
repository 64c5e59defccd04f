/**
 * What to begin next: PUTs strictly one after the other, lowest `seq` first; URLs for the next
 * photos and the confirmation of earlier ones beside them; one request alone while the link fails.
 */

import { recordTurn } from "./attribution.js";
import { change, isBusy } from "./state.js";

/** @import { CoreState, Effect, StatusUpdate, Task } from "./state.js" */

/** A URL lives 300 s; one that is older than this may die before the store has read it. */
export const URL_MS = 240_000;
const AHEAD_MS = 60_000;
const MOST_URLS = 20;
const FIRST_URLS = 5;
/** Sent, but not yet confirmed: more than these would be a second queue without a receipt. */
const MOST_UNCONFIRMED = 4;
/** A photo whose PUT came to nothing this often in a row lets the others go first. */
const MAX_MISSES_BEFORE_YIELD = 2;
const LAST = 1_000_000;

/**
 * @param {CoreState} state a draft
 * @param {number} now
 * @param {() => StatusUpdate[]} updates taken once the next steps are decided
 * @returns {Effect[]}
 */
export function plan(state, now, updates) {
  dropOldUrls(state, now);
  const begun = mayBegin(state, now) ? begin(state, now) : [];
  const put = begun.find((effect) => effect.type === "put");
  const statuses = updates();
  if (put) put.updates = statuses;
  else if (statuses.length > 0) begun.unshift({ type: "status", updates: statuses });
  return isIdle(state) ? [...begun, ending(state, now)] : begun;
}

/**
 * @param {number | null} putMs how long the last PUT took
 * @returns {number} URLs worth holding: those of the next minute
 */
export function urlsAhead(putMs) {
  if (putMs === null) return FIRST_URLS;
  return Math.min(MOST_URLS, Math.max(1, Math.floor(AHEAD_MS / Math.max(putMs, 1))));
}

/**
 * @param {CoreState} state
 * @param {number} now
 */
function mayBegin(state, now) {
  return state.signInReason === null && !state.stopping && state.until <= now;
}

/**
 * @param {CoreState} state a draft
 * @param {number} now
 * @returns {Effect[]}
 */
function begin(state, now) {
  if (state.failures === 0) {
    return [
      ...confirm(state, now),
      ...send(state, now),
      ...sign(state, now),
      ...deletePending(state, now),
    ];
  }
  if (!isIdle(state)) return [];
  // Only a PUT shows whether a failed store is back. Where the server limits the rate, sending what
  // has a URL makes room. Otherwise any answer of our own will do.
  const sendFirst = state.failing === "store" || state.reason === "rate-limited";
  const steps = sendFirst ? [confirm, send, sign] : [confirm, sign, send];
  for (const step of [...steps, deletePending]) {
    const effects = step(state, now).slice(0, 1);
    if (effects.length > 0) return effects;
  }
  return [];
}

/** @type {(state: CoreState, now: number) => Effect[]} */
function confirm(state, now) {
  const limit = state.failures > 0 ? 1 : MOST_UNCONFIRMED;
  return ready(state, now, "sent")
    .sort(byPriority)
    .slice(0, limit - count(state, "confirming"))
    .map((task) => {
      change(state, recordTurn(state, task, "receipt"), { stage: "confirming" });
      return { type: "complete", photoId: task.photoId };
    });
}

/** @type {(state: CoreState, now: number) => Effect[]} */
function send(state, now) {
  if (count(state, "putting") > 0) return [];
  const unconfirmed = ready(state, now, "sent").length + count(state, "confirming");
  if (unconfirmed >= MOST_UNCONFIRMED) return [];
  const [task, following] = ready(state, now, "signed").sort(byPriority);
  if (!task?.upload) return [];
  change(state, recordTurn(state, task, "store"), { stage: "putting" });
  const next = following?.photoId ?? null;
  return [{ type: "put", photoId: task.photoId, upload: task.upload, next, updates: [] }];
}

/** @type {(state: CoreState, now: number) => Effect[]} */
function sign(state, now) {
  const stock = count(state, "signed");
  const wanted = state.oneByOne ? 1 : urlsAhead(state.putMs);
  if (state.presigning || stock * 2 > wanted) return [];
  const next = ready(state, now, "fresh")
    .sort(byPriority)
    .slice(0, wanted - stock);
  if (next.length === 0) return [];
  state.turn += 1;
  for (const task of next) change(state, recordTurn(state, task, "url"), { stage: "signing" });
  Object.assign(state, { presigning: true, presignedAt: now });
  return [{ type: "presign", photoIds: next.map((task) => task.photoId) }];
}

/** @type {(state: CoreState, now: number) => Effect[]} */
function deletePending(state, now) {
  if (count(state, "deleting") > 0) return [];
  return ready(state, now, "pending-delete")
    .slice(0, 1)
    .map((task) => {
      change(state, task, { stage: "deleting" });
      return { type: "delete", photoId: task.photoId };
    });
}

/**
 * @param {CoreState} state
 * @param {number} now
 * @returns {Effect}
 */
function ending(state, now) {
  if (state.signInReason !== null) return { type: "finish", outcome: "needs-sign-in" };
  if (state.stopping) return { type: "finish", outcome: "stopped" };
  const times = [...state.tasks.values()].filter(isAhead).map((task) => task.until);
  if (times.length === 0) return { type: "finish", outcome: "drained" };
  return { type: "wake", inMs: Math.max(state.until, Math.min(...times)) - now };
}

/** @type {(task: Task) => boolean} */
const isAhead = (task) => task.stage !== "parked" && task.stage !== "left";

/** @param {CoreState} state */
function isIdle(state) {
  return !state.presigning && ![...state.tasks.values()].some(isBusy);
}

/**
 * @param {CoreState} state
 * @param {number} now
 * @param {Task["stage"]} stage
 */
function ready(state, now, stage) {
  return [...state.tasks.values()].filter((task) => task.stage === stage && task.until <= now);
}

/**
 * @param {CoreState} state
 * @param {Task["stage"]} stage
 */
function count(state, stage) {
  let found = 0;
  for (const task of state.tasks.values()) if (task.stage === stage) found += 1;
  return found;
}

/** @type {(a: Task, b: Task) => number} */
function byPriority(a, b) {
  return missPenalty(a) - missPenalty(b) || a.seq - b.seq;
}

/** @param {Task} task what was refused lets the others go first; what was parked goes last */
function missPenalty({ misses, refusals, again }) {
  return (misses >= MAX_MISSES_BEFORE_YIELD ? misses : 0) + refusals + (again ? LAST : 0);
}

/**
 * @param {CoreState} state a draft
 * @param {number} now
 */
function dropOldUrls(state, now) {
  for (const task of state.tasks.values()) {
    if (task.stage !== "signed" || !task.upload) continue;
    const life = Math.min(URL_MS, task.upload.expiresIn * 800);
    if (now - task.signedAt > life) change(state, task, { stage: "fresh", upload: null });
  }
}
