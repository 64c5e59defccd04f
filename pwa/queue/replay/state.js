/**
 * The core's state and what moves it: plain data, no clock, no network, no store. A task is one
 * photo of the owner on its way; its stage says what it needs next.
 */

/** @import { Receipt, Upload } from "../../shared/api-types.js" */
/** @import { Failure } from "../errors.js" */

/**
 * - `fresh` needs a URL, `signing` is in a presign request, `signed` holds a URL;
 * - `putting` is being sent, `sent` awaits `complete`, `confirming` is in one;
 * - `settling`: the receipt is being written;
 * - `pending-delete` must be deleted on the server, `deleting` is in that request;
 * - `parked` needs the user, `left` belongs to another user.
 * @typedef {"fresh" | "signing" | "signed" | "putting" | "sent" | "confirming" | "settling" |
 *   "pending-delete" | "deleting" | "parked" | "left"} Stage
 */

/** Where a photo may be refused: for its URL, by the store, for its receipt. @typedef {"url" | "store" | "receipt"} Gate */

/**
 * @typedef {object} Task
 * @property {string} photoId
 * @property {number} seq
 * @property {Stage} stage
 * @property {Upload | null} upload in memory only
 * @property {number} signedAt
 * @property {number} until not before
 * @property {string | null} reason
 * @property {number} attempt
 * @property {number} equal
 * @property {boolean} sent its bytes are assumed to be in the store
 * @property {boolean} tried a PUT was made and nothing since explains its failure
 * @property {number} misses PUTs after which the server had nothing, in a row
 * @property {number | null} storedAtMiss how many photos had been stored at the last of them
 * @property {number | null} retryAfterMs what the store asked for
 * @property {string | null} putReason what the store's answer says about a PUT that came to nothing
 * @property {Readonly<Record<Gate, number>>} turns when it last came to each gate
 * @property {Readonly<Record<Gate, number | null>>} refused at which turn each gate did it first
 * @property {number} refusals at any gate since it last got on
 * @property {{gate: Gate, why: Failure} | null} openRefusal a refusal not yet attributed to the photo or to all
 * @property {boolean} again it was parked, and is tried once more
 * @property {boolean} proven others got through when it was parked
 * @property {string} written what the database shows of it
 */

/**
 * @typedef {object} CoreState
 * @property {Map<string, Task>} tasks in the order of the shutters
 * @property {boolean} presigning
 * @property {number} presignedAt
 * @property {number | null} putMs how long the last PUT took
 * @property {number} stored photos stored in this run
 * @property {number} turn counts what comes to a gate, to order it
 * @property {Readonly<Record<Gate, number>>} passed the latest turn at which a photo got through
 * @property {boolean} oneByOne a whole batch was refused: ask for single URLs to find the refused photo
 * @property {number} failures of the link, in a row
 * @property {number} until the whole queue waits until then
 * @property {number} failedAt the turn at which it failed last
 * @property {"api" | "store"} failing which end did not answer
 * @property {string} reason
 * @property {string | null} signInReason why the user must sign in
 * @property {string | null} previousSignInReason why a run before stopped for a sign-in; shown until an answer
 *   of the server shows that this is over
 * @property {boolean} stopping
 * @property {string} pauseWritten what the database shows of the pause
 */

/**
 * @typedef {object} Row what `QueueStore.load` returns
 * @property {string} photoId
 * @property {number} seq
 * @property {"send" | "delete"} action
 * @property {boolean} sent
 * @property {string} state as written
 * @property {string | null} reason
 * @property {number} attempt
 * @property {number} equal
 * @property {number} waitMs
 * @property {boolean} [proven] others got through when it was parked
 */

/**
 * How the writing of a receipt ended. `mismatch`: it is about another photo; `not-deleted`: the
 * user deleted the photo here but the server still has it; `missing`: there was no such row.
 * @typedef {"stored" | "deleted" | "mismatch" | "not-deleted" | "missing"} Settled
 */

/** @typedef {{ok: false, failure: Failure}} Failed */
/** @typedef {{upload: Upload} | {receipt: Receipt} | {failure: Failure}} Signed */
/** @typedef {{status: number, ms: number, retryAfterMs: number | null, reason?: string | null}} PutOutcome */
/** @typedef {{now: number, random: number, visible: boolean}} Moment */

/**
 * @typedef {{type: "loaded", rows: Row[]} |
 *   {type: "presigned", photoIds: string[], dropped: string[], outcome: {ok: true, results: Signed[]} | Failed} |
 *   {type: "put", photoId: string, outcome: PutOutcome |
 *     {refused: "changed" | "record-damaged"}} |
 *   {type: "completed", photoId: string, outcome: {ok: true, receipt: Receipt} | Failed} |
 *   {type: "deleted", photoId: string, outcome: {ok: true, receipt: Receipt | null} | Failed} |
 *   {type: "settled", photoId: string, state: Settled} |
 *   {type: "gone", photoId: string} |
 *   {type: "tick"} | {type: "hurry"} | {type: "stop"}} ReplayEvent
 */

/** @typedef {ReplayEvent & Moment} CoreEvent */

/**
 * @typedef {object} StatusUpdate what the database shall show of a photo
 * @property {string} photoId
 * @property {string} state
 * @property {string | null} reason
 * @property {number} attempt
 * @property {number} equal
 * @property {boolean} sent
 * @property {number | null} inMs the next try
 */

/** @typedef {{concerns: "link" | "person", reason: string, attempt: number, inMs: number | null}} PauseStatus */

/**
 * @typedef {{type: "presign", photoIds: string[]} |
 *   {type: "put", photoId: string, upload: Upload, next: string | null, updates: StatusUpdate[]} |
 *   {type: "complete", photoId: string} |
 *   {type: "delete", photoId: string} |
 *   {type: "settle", photoId: string, receipt: Receipt | null} |
 *   {type: "status", updates: StatusUpdate[]} |
 *   {type: "pause", pause: PauseStatus | null} |
 *   {type: "wake", inMs: number} |
 *   {type: "finish", outcome: "drained" | "needs-sign-in" | "stopped"}} Effect
 */

/** @type {ReadonlySet<Stage>} */
const BUSY = new Set(
  /** @type {Stage[]} */ (["signing", "putting", "confirming", "settling", "deleting"]),
);

/**
 * @param {Task} task
 * @returns {boolean} something that was begun for it has not ended yet
 */
export const isBusy = (task) => BUSY.has(task.stage);

/**
 * @param {CoreState} state
 * @returns {boolean} nothing is under way but the writing of receipts
 */
export function hasOnlyReceiptsLeft({ presigning, tasks }) {
  if (presigning) return false;
  for (const task of tasks.values()) if (isBusy(task) && task.stage !== "settling") return false;
  return true;
}

/**
 * Replaces a task by a changed copy; states handed out before stay as they were.
 * @param {CoreState} state a draft
 * @param {Task} task
 * @param {Partial<Task>} change
 * @returns {Task}
 */
export function change(state, task, change) {
  const next = { ...task, ...change };
  state.tasks.set(task.photoId, next);
  return next;
}

/**
 * @param {Row} row
 * @param {number} now
 * @returns {Task}
 */
export function taskOf(row, now) {
  const { photoId, seq, reason, attempt, equal, sent } = row;
  const again = row.state === "parked";
  const proven = again && row.proven === true;
  return {
    ...{ photoId, seq, reason, attempt, equal, sent, again, proven },
    stage: stageOf(row),
    upload: null,
    signedAt: 0,
    until: now + row.waitMs,
    tried: false,
    misses: 0,
    storedAtMiss: null,
    retryAfterMs: null,
    putReason: null,
    ...UNREFUSED,
    written: keyOf(row),
  };
}

/** Refused at no gate. */
export const NOT_REFUSED = Object.freeze({ url: null, store: null, receipt: null });

const UNREFUSED = Object.freeze({
  turns: Object.freeze({ url: 0, store: 0, receipt: 0 }),
  refused: NOT_REFUSED,
  refusals: 0,
  openRefusal: null,
});

/**
 * @param {Row} row
 * @returns {Stage}
 */
function stageOf(row) {
  if (row.action === "delete") return "pending-delete";
  if (row.state === "parked" && row.waitMs > 0) return "parked";
  return row.sent ? "sent" : "fresh";
}

/**
 * @param {{state: string, reason: string | null, attempt: number, sent: boolean}} shown
 * @returns {string} equal for what looks the same
 */
export const keyOf = ({ state, reason, attempt, sent }) => [state, reason, attempt, sent].join();
