/** What each answer does to the state. Every function works on a draft and may add effects. */

import { backoff } from "./retry-policy.js";
import {
  anotherMayDecide,
  recordPassed,
  isOwn,
  recordRefusal,
  recoverFromOutage,
} from "./attribution.js";
import { failure, mayConcernOneObject, waitFailure } from "../errors.js";
import { change, isBusy } from "./state.js";

/** @import { Failure } from "../errors.js" */
/** @import { CoreState, Effect, Gate, Moment, Signed, Stage, Task } from "./state.js" */

/** So many equal answers about one photo make it wait for the user. */
const MAX_SAME_FAILURES = 3;
/** A parked photo is tried again after this long, where what parked it may be over. */
const PARKED_MS = 300_000;
/** Statuses of a store that leave open whether the photo is there: the server is asked. */
const ASK_SERVER = new Set([408, 409, 412, 429]);

/** @type {ReadonlySet<Stage>} */
const AT_REST = new Set(/** @type {Stage[]} */ (["parked", "left"]));

/** The link as it is after an answer. */
const GOOD = Object.freeze({ failures: 0, until: 0 });

/**
 * @template {import("./state.js").CoreEvent["type"]} T
 * @typedef {Extract<import("./state.js").CoreEvent, {type: T}>} EventOf
 */

/**
 * @param {CoreState} state
 * @param {EventOf<"presigned">} event
 * @returns {Effect[]}
 */
export function onPresigned(state, event) {
  state.presigning = false;
  for (const photoId of event.dropped) state.tasks.delete(photoId);
  const asked = event.photoIds.map((photoId) => find(state, photoId, "signing"));
  const { outcome } = event;
  if (outcome.ok) {
    onServerAnswered(state);
    const recorded = asked.map((task, i) => task && recordAnswer(state, task, outcome.results[i]));
    return recorded.flatMap((task, i) =>
      task ? onSigned(state, event, task, outcome.results[i]) : [],
    );
  }
  const tasks = asked.filter((task) => task !== null);
  for (const task of tasks) change(state, task, { stage: "fresh" });
  if (outcome.failure.concerns === "photo" && event.photoIds.length > 1) state.oneByOne = true;
  else for (const task of tasks) failed(state, event, task, "fresh", outcome.failure, "url");
  return [];
}

/**
 * All answers of a batch belong to one moment: all are recorded before any is handled.
 * @param {CoreState} state
 * @param {Task} task
 * @param {Signed} result
 * @returns {Task}
 */
function recordAnswer(state, task, result) {
  if (!("failure" in result)) recordPassed(state, task, "url");
  else if (result.failure.shared) return recordRefusal(state, task, "url");
  return task;
}

/**
 * @param {CoreState} state
 * @param {EventOf<"presigned">} event
 * @param {Task} task
 * @param {Signed} result
 * @returns {Effect[]}
 */
function onSigned(state, event, task, result) {
  if ("receipt" in result) return settlePhoto(state, task, result.receipt);
  if ("failure" in result) failed(state, event, task, "fresh", result.failure, "url");
  else change(state, task, { stage: "signed", upload: result.upload, signedAt: state.presignedAt });
  return [];
}

/**
 * Only `complete` can show whether the photo is there, whatever the store answered.
 * @param {CoreState} state
 * @param {EventOf<"put">} event
 * @returns {Effect[]}
 */
export function onPut(state, event) {
  const task = find(state, event.photoId, "putting");
  if (!task) return [];
  const { outcome } = event;
  if ("refused" in outcome) return onRefused(state, event, task, outcome.refused);
  const { status, ms, retryAfterMs, reason: putReason = null } = outcome;
  if (isRefusal(status)) {
    failed(state, event, task, "fresh", failure(putReason ?? "store-403"), "store");
    return [];
  }
  if (status >= 200 && status < 300) state.putMs = ms;
  const sent = { upload: null, sent: true, tried: true, retryAfterMs, putReason };
  change(state, task, { stage: "sent", ...sent });
  return [];
}

/** @param {number} status */
const isRefusal = (status) => status >= 400 && status < 500 && !ASK_SERVER.has(status);

/**
 * @param {CoreState} state
 * @param {EventOf<"put">} event
 * @param {Task} task
 * @param {"changed" | "record-damaged"} why
 * @returns {Effect[]}
 */
function onRefused(state, event, task, why) {
  // The page deleted it, or it is no longer ours to send: the next load of the queue shows which.
  if (why === "changed") state.tasks.delete(task.photoId);
  else failed(state, event, task, "fresh", failure(why));
  return [];
}

/**
 * @param {CoreState} state
 * @param {EventOf<"completed">} event
 * @returns {Effect[]}
 */
export function onCompleted(state, event) {
  const task = find(state, event.photoId, "confirming");
  if (!task) return [];
  if (event.outcome.ok) {
    onServerAnswered(state);
    return settlePhoto(state, task, event.outcome.receipt);
  }
  const why = event.outcome.failure;
  if (why.action === "send-again") onObjectMissing(state, event, task);
  // An outage after the PUT may be what spoilt it: that speaks neither against store nor photo.
  else failed(state, event, { ...task, tried: false }, "sent", why, "receipt");
  if (mayConcernOneObject(why.reason)) letOthersFirst(state, event, task, why.reason);
  return [];
}

/**
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {string} reason
 */
function letOthersFirst(state, moment, { photoId, refusals }, reason) {
  const task = /** @type {Task} */ (state.tasks.get(photoId));
  const until = state.until + backoff({ ...moment, failures: refusals + 1 });
  change(state, task, { refusals: refusals + 1, until, reason });
}

/**
 * The server has no such object.
 * @param {CoreState} state
 * @param {EventOf<"completed">} event
 * @param {Task} task
 */
function onObjectMissing(state, event, task) {
  onServerAnswered(state);
  const again = change(state, task, { stage: "fresh", sent: false, tried: false });
  if (!task.tried) return;
  const othersGotThrough = task.storedAtMiss !== null && state.stored > task.storedAtMiss;
  const missed = { misses: task.misses + 1, storedAtMiss: state.stored };
  const counted = change(state, again, missed);
  if (othersGotThrough) return failed(state, event, counted, "fresh", failure("not-stored"));
  change(state, counted, { again: false });
  linkFailed(
    state,
    event,
    waitFailure(task.putReason ?? "store-unreachable", task.retryAfterMs),
    "store",
  );
}

/**
 * @param {CoreState} state
 * @param {EventOf<"deleted">} event
 * @returns {Effect[]}
 */
export function onDeleted(state, event) {
  const task = find(state, event.photoId, "deleting");
  if (!task) return [];
  if (event.outcome.ok) {
    onServerAnswered(state);
    return settlePhoto(state, task, event.outcome.receipt);
  }
  const why = event.outcome.failure;
  if (why.concerns === "link") linkFailed(state, event, why);
  // Deleting needs a page's own sign-in, which the worker may lack: sending goes on without.
  retryDelete(state, event, task, why.reason);
  return [];
}

/**
 * A deletion is never given up and never parked.
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {string} reason
 */
function retryDelete(state, moment, task, reason) {
  const attempt = task.attempt + 1;
  const until = moment.now + backoff({ ...moment, failures: attempt });
  change(state, task, { stage: "pending-delete", until, attempt, reason });
}

/**
 * @param {CoreState} state
 * @param {EventOf<"settled">} event
 * @returns {Effect[]}
 */
export function onSettled(state, event) {
  const task = find(state, event.photoId, "settling");
  if (!task) return [];
  if (event.state === "mismatch") {
    failed(state, event, task, "fresh", failure("receipt-mismatch"));
  } else if (event.state === "not-deleted") {
    retryDelete(state, event, task, event.state);
  } else {
    state.tasks.delete(task.photoId);
  }
  if (event.state === "stored") onStored(state, event, task);
  return [];
}

/**
 * What was refused while this one got through is blamed; what was parked in an outage goes again.
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 */
function onStored(state, moment, task) {
  state.stored += 1;
  if (isStoreBack(state, task)) {
    recoverFromOutage(state);
    Object.assign(state, GOOD);
  }
  recordPassed(state, task, "store");
  recordPassed(state, task, "receipt");
  for (const other of state.tasks.values()) {
    if (!other.openRefusal || isBusy(other) || !isOwn(state, other, other.openRefusal.gate))
      continue;
    photoFailed(state, moment, other, other.openRefusal.why);
  }
}

/**
 * @param {CoreState} state
 * @param {Task} task just stored
 * @returns {boolean} it was sent after what failed, or nothing is left to wait
 */
function isStoreBack(state, task) {
  const isLast = [...state.tasks.values()].every(({ stage }) => AT_REST.has(stage));
  return state.failing === "api" || task.turns.store > state.failedAt || isLast;
}

/**
 * @param {CoreState} state
 * @param {Task} task
 * @param {import("../../shared/api-types.js").Receipt | null} receipt
 * @returns {Effect[]}
 */
function settlePhoto(state, task, receipt) {
  change(state, task, { stage: "settling" });
  return [{ type: "settle", photoId: task.photoId, receipt }];
}

/**
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {Stage} stage where it goes on from
 * @param {Failure} why
 * @param {Gate} [gate] where it was refused, if that may happen to every photo
 */
function failed(state, moment, task, stage, why, gate = "store") {
  const here = change(state, task, { stage });
  if (why.concerns === "link") linkFailed(state, moment, why);
  else if (why.concerns === "person") state.signInReason = why.reason;
  else if (why.shared) refused(state, moment, here, why, gate);
  else photoFailed(state, moment, here, why);
}

/**
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {Failure} why
 * @param {Gate} gate
 */
function refused(state, moment, task, why, gate) {
  const recorded = recordRefusal(state, task, gate);
  const known = recorded.again && recorded.proven;
  if (known || isOwn(state, recorded, gate)) return photoFailed(state, moment, recorded, why);
  const refusals = recorded.refusals + 1;
  const kept = change(state, recorded, { upload: null, again: false, refusals });
  if (!anotherMayDecide(state, kept, gate, moment.now)) return waitForAll(state, moment, why);
  const until = moment.now + backoff({ ...moment, failures: refusals });
  change(state, kept, { openRefusal: { gate, why }, until });
}

/**
 * No photo is known to get through: the refusal is no photo's own, and counts against none.
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Failure} why
 */
function waitForAll(state, moment, why) {
  for (const task of state.tasks.values())
    if (task.openRefusal) change(state, task, { openRefusal: null, until: 0 });
  linkFailed(state, moment, waitFailure(why.reason, why.retryAfterMs), "store");
}

/**
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {Failure} why
 */
function photoFailed(state, moment, task, why) {
  const { reason, action } = why;
  if (action === "leave") return void change(state, task, { stage: "left", reason });
  if (action === "send-again") return void change(state, task, { stage: "fresh", sent: false });
  const counted = withFailure(task, reason);
  if (action === "park" || counted.again || counted.equal >= MAX_SAME_FAILURES)
    return void change(state, task, { ...counted, ...parked(why, moment) });
  const failures = counted.attempt;
  const until = Math.max(task.until, moment.now + backoff({ ...moment, failures }));
  change(state, task, { ...counted, until });
}

/** The counts of a photo with one more failure of its own. @param {Task} task @param {string} reason */
function withFailure(task, reason) {
  const equal = task.reason === reason ? task.equal + 1 : 1;
  return {
    reason,
    equal,
    attempt: task.attempt + 1,
    refusals: task.refusals + 1,
    openRefusal: null,
    // One that is blamed late may hold a fresh URL by now.
    upload: task.stage === "signed" ? task.upload : null,
    // Tried once more after it was parked: the same answer parks it at once, another one is its first.
    again: task.again && equal > 1,
  };
}

/** @param {Failure} why @param {Moment} moment @returns {Partial<Task>} */
function parked({ reason, shared = false }, { now }) {
  const again = shared || reason === "not-stored";
  return { stage: "parked", again, proven: true, until: again ? now + PARKED_MS : 0 };
}

/**
 * One shared backoff. Requests that were under way together fail together and count once.
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Failure} why
 * @param {"api" | "store"} [failing]
 */
function linkFailed(state, moment, why, failing = "api") {
  if (state.until <= moment.now || state.failures === 0) state.failures += 1;
  state.failing = failing;
  state.reason = why.reason;
  state.failedAt = state.turn;
  const limits = { failures: state.failures, retryAfterMs: why.retryAfterMs };
  state.until = Math.max(state.until, moment.now + backoff({ ...moment, ...limits }));
}

/**
 * The server answered in our own form: that link is good.
 * @param {CoreState} state
 */
function onServerAnswered(state) {
  state.previousSignInReason = null;
  if (state.failing === "api") Object.assign(state, GOOD);
}

/**
 * @param {CoreState} state
 * @param {string} photoId
 * @param {Stage} stage
 * @returns {Task | null}
 */
function find(state, photoId, stage) {
  const task = state.tasks.get(photoId);
  return task?.stage === stage ? task : null;
}
