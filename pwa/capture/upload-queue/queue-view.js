/** The upload queue: every photo's state in words, its next try, and one action where one helps. */
import { ask } from "../../page/dialog.js";
import { phone as words } from "../../page/words/phone.js";
import { when } from "../../page/times.js";
import { LONGEST_WAIT_MS } from "../../queue/replay/retry-policy.js";
import { byId, copy, find, repeat, setIcon, setText } from "../../page/dom.js";
import { needsReceipt } from "../../queue/errors.js";
import { drawPlace, photoLine } from "../review/place-view.js";
import { confirmDelete } from "../review/review-view.js";
import { inQueue } from "../store.js";

/** @import { Pictures } from "../review/pictures.js" */
/** @import { State } from "../store.js" */
/** @import { Pause, PhotoSummary } from "../../queue/photo-record.js" */
/** @typedef {Omit<PhotoSummary, "state"> & {state: PhotoSummary["state"]|"stored"}} Row */

/**
 * @typedef {object} QueueActions
 * @property {(photoId: string) => unknown} retry
 * @property {(photoId: string) => unknown} saveCopy
 * @property {(photoId: string) => unknown} remove
 */

/** No answer from anywhere: the connection's fault, whatever its exact form. */
const NO_CONNECTION = new Set(["no-answer", "timed-out", "not-ours", "store-unreachable"]);

/** @type {{[state: string]: string}} */
const STATUSES = {
  queued: words.saved,
  sending: words.sending,
  confirming: words.sending,
  "needs-sign-in": words.signInToContinue,
  deleting: words.deleting,
  stored: words.stored,
};

/** @type {{[state: string]: string}} */
const ICONS = { parked: "alert", "needs-sign-in": "key", stored: "check", waiting: "clock" };

export class QueueView {
  #pictures;
  #actions;
  #linkUp = true;
  /** @type {State|null} */
  #state = null;

  /** @param {Pictures} pictures @param {QueueActions} actions */
  constructor(pictures, actions) {
    this.#pictures = pictures;
    this.#actions = actions;
  }

  /** @param {State} state @param {string|undefined} shownId the consultation in the header */
  draw(state, shownId) {
    const queued = inQueue(state);
    const rows = rowsOf(queued, state);
    const late = overdue(state.listing.photos, Date.now() + state.clockOffset);
    this.#linkUp = state.linkUp !== false;
    this.#state = state;
    byId("queue").hidden = !rows.length && !late;
    drawOverdue(late);
    setText(byId("queue-count"), String(queued.length || ""));
    byId("send-now").hidden = !queued.some(
      ({ state }) => state === "waiting" || state === "queued",
    );
    drawProgress(state);
    drawNextTry(state);
    const reason = pauseText(state.listing.pause);
    byId("queue-reason").hidden = !reason;
    setText(byId("queue-reason"), reason);
    repeat(
      byId("upload-queue"),
      rows,
      (row) => this.#row(row),
      (element, row) => {
        drawPlace(element, row, state, row.consultationId !== shownId);
        drawStatus(element, row);
      },
    );
  }

  /** @param {Row} row */
  #row(row) {
    const element = copy("queue-row");
    this.#pictures.attach(find(element, "img", HTMLImageElement), row);
    setText(find(element, "time", Element), when(row.capturedAt));
    const more = find(element, "button", HTMLButtonElement);
    more.textContent = words.more;
    more.ariaDescription = when(row.capturedAt);
    more.onclick = () => this.#more(row, element);
    return element;
  }

  /** @param {Row} row @param {HTMLElement} element */
  async #more(row, element) {
    const { photoId } = row;
    const photo = () => (this.#state ? photoLine(row, this.#state) : []);
    const status = element.querySelector(".status span")?.textContent ?? "";
    const choices = [
      // Without a link another try changes nothing: it is offered, not advised.
      { value: "retry", text: words.retry, kind: this.#linkUp ? "primary" : "" },
      { value: "copy", text: words.saveCopy },
      { value: "remove", text: words.delete, kind: "danger" },
      { value: "", text: words.cancel },
    ];
    const text = [...photo(), "\n", words.keptText];
    const chosen = await ask({ title: status, text, choices });
    if (chosen === "retry") await this.#actions.retry(photoId);
    if (chosen === "copy") await this.#actions.saveCopy(photoId);
    if (chosen === "remove" && (await confirmDelete(photo()))) await this.#actions.remove(photoId);
  }
}

/**
 * In the order of the shutters: first what needs the clinician, then what waits, then the stored.
 * @param {PhotoSummary[]} queued @param {State} state
 */
function rowsOf(queued, { justStored, signIn }) {
  /** @type {(photo: PhotoSummary) => Row} */
  const withSignIn = (photo) =>
    signIn && (photo.state === "queued" || photo.state === "waiting")
      ? { ...photo, state: "needs-sign-in" }
      : photo;
  /** @type {Row[]} */
  const stored = justStored.map((photo) => ({ ...photo, state: "stored" }));
  const rows = [...queued.map(withSignIn), ...stored];
  const rank = (/** @type {Row} */ { state }) =>
    state === "parked" ? 0 : state === "stored" ? 2 : 1;
  return rows.sort((a, b) => rank(a) - rank(b) || a.seq - b.seq);
}

/**
 * The status of a photo in words.
 * @param {Row} photo
 * @param {number} now ms
 */
export function statusOf(photo, now) {
  const { state, attempt, nextTryAt } = photo;
  const reason = photo.reason ?? "";
  if (state === "parked" || reason === "other-owner") return words.attention(because(reason));
  if (state !== "waiting") return STATUSES[state];
  if (NO_CONNECTION.has(reason)) return words.waiting;
  if (needsReceipt(reason)) return words.waitingForAll;
  if (!nextTryAt) return words.waiting;
  return words.retrying(secondsTo(nextTryAt, now), attempt);
}

/** @param {string} reason */
function because(reason) {
  /** @type {{[code: string]: string}} */
  const reasons = words.reasons;
  return reasons[reason] ?? words.refused;
}

/** @param {HTMLElement} element @param {Row} row */
function drawStatus(element, row) {
  element.dataset.state = row.state;
  setText(find(element, ".status span", Element), statusOf(row, Date.now()));
  const moving = row.state === "sending" || row.state === "confirming";
  const name = moving ? "send" : (ICONS[row.state] ?? "phone");
  setIcon(find(element, ".status svg", Element), name);
  const more = find(element, "button", HTMLButtonElement);
  more.hidden = moving || ["stored", "deleting", "needs-sign-in"].includes(row.state);
  more.classList.toggle("quiet", row.state !== "parked");
}

/** Waiting that comes by itself in ordinary days is explained only once it lasts. */
const ORDINARY = new Set(["store-unreachable", "store-unavailable", "not-ours"]);
const LASTS = 3;

/**
 * Why nothing is sent, shown once for all photos, where waiting alone does not end it.
 * @param {Pause|null} pause
 */
function pauseText(pause) {
  if (!pause) return "";
  const { reason, attempt } = pause;
  if (ORDINARY.has(reason) && attempt < LASTS) return "";
  /** @type {{[code: string]: string}} */
  const pauses = words.pauses;
  return pauses[reason] ?? (needsReceipt(reason) ? words.refusedAll : "");
}

/** While the whole queue waits for the link, the next try is shown once for all. @param {State} state */
function drawNextTry({ listing: { pause } }) {
  const shown = pause?.concerns === "link" && pause.nextTryAt;
  setText(byId("next-try"), shown ? words.nextTry(secondsTo(shown, Date.now())) : "");
}

const HOUR = 3_600_000;

/**
 * How urgent the words about unsent photos are. Only words depend on this clock: no rule does.
 * @param {Pick<PhotoSummary, "capturedAt">[]} photos
 * @param {number} now ms
 * @returns {{kind: "warn" | "danger", text: string} | null} null while all are from the last day
 */
export function overdue(photos, now) {
  const older = (/** @type {number} */ hours) =>
    photos.filter(({ capturedAt }) => now - Date.parse(capturedAt) >= hours * HOUR).length;
  const [day, threeDays] = [older(24), older(72)];
  if (threeDays) return { kind: "danger", text: words.overdueThreeDays(threeDays) };
  return day ? { kind: "warn", text: words.overdueDay(day) } : null;
}

/** Photos left in review wait as well, and are counted. @param {ReturnType<typeof overdue>} late */
function drawOverdue(late) {
  const line = byId("overdue");
  line.hidden = !late;
  line.className = `note ${late?.kind ?? ""}`;
  setText(line, late?.text ?? "");
}

/** Bounded, since the clock may have jumped: nothing waits longer. @param {number} time @param {number} now */
const secondsTo = (time, now) =>
  Math.min(LONGEST_WAIT_MS / 1000, Math.max(1, Math.ceil((time - now) / 1000)));

/** @param {State} state */
function drawProgress({ batch, stored, justStored }) {
  const all = batch.length;
  const shown = all > 0 && (stored.length < all || justStored.length > 0);
  byId("batch").hidden = !shown;
  if (!shown) return;
  const text = words.progress(stored.length, all);
  byId("progress").max = all;
  byId("progress").value = stored.length;
  setText(byId("progress-text"), text);
}
