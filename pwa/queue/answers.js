/** What each answer does to the state. Every function works on a draft and may add effects. */

import { backoff } from "./backoff.js";
import { failure } from "./errors.js";
import { change } from "./task.js";

/** @import { Failure } from "./errors.js" */
/** @import { CoreState, Effect, Moment, Signed, Stage, Task } from "./task.js" */

/** So many equal answers about one photo make it wait for a person. */
const EQUAL_ANSWERS = 3;

/** The link as it is after an answer. */
const GOOD = Object.freeze({ failures: 0, until: 0 });

/**
 * @template {import("./task.js").CoreEvent["type"]} T
 * @typedef {Extract<import("./task.js").CoreEvent, {type: T}>} EventOf
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
    answered(state);
    return asked.flatMap((task, i) =>
      task ? onSigned(state, event, task, outcome.results[i]) : [],
    );
  }
  const tasks = asked.filter((task) => task !== null);
  for (const task of tasks) change(state, task, { stage: "fresh" });
  if (outcome.failure.concerns === "photo" && event.photoIds.length > 1) state.oneByOne = true;
  else for (const task of tasks) failed(state, event, task, "fresh", outcome.failure);
  return [];
}

/**
 * @param {CoreState} state
 * @param {EventOf<"presigned">} event
 * @param {Task} task
 * @param {Signed} result
 * @returns {Effect[]}
 */
function onSigned(state, event, task, result) {
  if ("receipt" in result) return settle(state, task, result.receipt);
  if ("failure" in result) failed(state, event, task, "fresh", result.failure);
  else change(state, task, { stage: "signed", upload: result.upload, signedAt: state.presignedAt });
  return [];
}

/**
 * Only `complete` can tell whether the photo is there, whatever the store seemed to say.
 * @param {CoreState} state
 * @param {EventOf<"put">} event
 * @returns {Effect[]}
 */
export function onPut(state, event) {
  const task = find(state, event.photoId, "putting");
  if (!task) return [];
  const { outcome } = event;
  if ("refused" in outcome) return onRefused(state, event, task, outcome.refused);
  const { status, ms, retryAfterMs } = outcome;
  if (status === 400 || status === 403) {
    failed(state, event, task, "fresh", failure(`store-${status}`));
    return [];
  }
  if (status >= 200 && status < 300) state.putMs = ms;
  change(state, task, { stage: "sent", upload: null, sent: true, tried: true, retryAfterMs });
  return [];
}

/**
 * @param {CoreState} state
 * @param {EventOf<"put">} event
 * @param {Task} task
 * @param {"changed" | "record-damaged"} why
 * @returns {Effect[]}
 */
function onRefused(state, event, task, why) {
  // The page deleted it, or it is no longer ours to send: the next look at the queue will tell.
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
    answered(state);
    return settle(state, task, event.outcome.receipt);
  }
  const why = event.outcome.failure;
  if (why.action === "send-again") missing(state, event, task);
  // An outage after the PUT may be what spoilt it: that speaks neither against store nor photo.
  else failed(state, event, { ...task, tried: false }, "sent", why);
  return [];
}

/**
 * The server has no such object.
 * @param {CoreState} state
 * @param {EventOf<"completed">} event
 * @param {Task} task
 */
function missing(state, event, task) {
  answered(state);
  const again = change(state, task, { stage: "fresh", sent: false, tried: false });
  if (!task.tried) return;
  const othersGotThrough = task.storedAtMiss !== null && state.stored > task.storedAtMiss;
  const missed = { misses: task.misses + 1, storedAtMiss: state.stored };
  const counted = change(state, again, missed);
  const code = othersGotThrough ? "not-stored" : "store-unreachable";
  failed(state, event, counted, "fresh", failure(code, task.retryAfterMs));
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
    answered(state);
    return settle(state, task, event.outcome.receipt);
  }
  const why = event.outcome.failure;
  if (why.concerns === "link") linkFailed(state, event, why);
  // Deleting needs a page's own sign-in, which the worker may lack: sending goes on without.
  keepDoomed(state, event, task, why.reason);
  return [];
}

/**
 * A deletion is never given up and never parked.
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {string} reason
 */
function keepDoomed(state, moment, task, reason) {
  const attempt = task.attempt + 1;
  const until = moment.now + backoff({ ...moment, failures: attempt });
  change(state, task, { stage: "doomed", until, attempt, reason });
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
    keepDoomed(state, event, task, event.state);
  } else {
    state.tasks.delete(task.photoId);
  }
  if (event.state === "stored") Object.assign(state, { ...GOOD, stored: state.stored + 1 });
  return [];
}

/**
 * @param {CoreState} state
 * @param {Task} task
 * @param {import("./task.js").Receipt | null} receipt
 * @returns {Effect[]}
 */
function settle(state, task, receipt) {
  change(state, task, { stage: "settling" });
  return [{ type: "settle", photoId: task.photoId, receipt }];
}

/**
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Task} task
 * @param {Stage} stage where it goes on from
 * @param {Failure} why
 */
function failed(state, moment, task, stage, why) {
  change(state, task, { stage });
  if (why.concerns === "link") linkFailed(state, moment, why);
  else if (why.concerns === "person") state.person = why.reason;
  else photoFailed(state, moment, { ...task, stage }, why);
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
  const equal = task.reason === reason ? task.equal + 1 : 1;
  const attempt = task.attempt + 1;
  const parked = action === "park" || equal >= EQUAL_ANSWERS;
  const until = moment.now + backoff({ ...moment, failures: attempt });
  const next = parked ? { stage: /** @type {Stage} */ ("parked") } : { until };
  change(state, task, { upload: null, reason, equal, attempt, ...next });
}

/**
 * One shared backoff. Requests that were under way together fail together and count once.
 * @param {CoreState} state
 * @param {Moment} moment
 * @param {Failure} why
 */
function linkFailed(state, moment, why) {
  if (state.until <= moment.now || state.failures === 0) state.failures += 1;
  state.failing = why.reason === "store-unreachable" ? "store" : "api";
  state.reason = why.reason;
  const wait = backoff({ ...moment, failures: state.failures, retryAfterMs: why.retryAfterMs });
  state.until = Math.max(state.until, moment.now + wait);
}

/**
 * The server answered in our own form: that link is good.
 * @param {CoreState} state
 */
function answered(state) {
  state.doubted = null;
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
