/** The notices above the screens: errors with their way out, a sign-in, a new version. */
import { phone as words } from "../page/words/phone.js";
import { isMoving } from "../queue/photo-record.js";
import { button, icon, make, byId } from "../page/dom.js";
import { inReview, waiting } from "./store.js";

/** @import { State } from "./store.js" */

/**
 * @typedef {object} NoticeActions
 * @property {() => unknown} tryAgain
 * @property {() => unknown} reload
 * @property {() => string} signInUrl
 * @property {(id: number) => unknown} dismiss
 * @property {() => unknown} review
 */
/** @typedef {{text: string, id?: number, title?: string, kind?: string, action?: string, act?: () => unknown, href?: string, primary?: boolean}} Notice */

const WRONG_CLOCK = 2 * 60_000; // ms; less than that does not matter

/** @param {State} state @param {NoticeActions} actions */
export function drawNotices(state, actions) {
  const box = byId("notices");
  const notices = [
    ...errorOf(state, actions),
    ...messagesOf(state, actions),
    ...signInOf(state, actions),
    ...quietOf(state, actions),
  ];
  const key = notices.map(({ id, text, action }) => [id, text, action].join(" ")).join("\n");
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.replaceChildren(...notices.map(boxOf));
}

/** @param {State} state @param {NoticeActions} actions @returns {Notice[]} */
function errorOf({ flow: { error }, unsaved, camera }, { tryAgain }) {
  if (!error) return [];
  /** @type {{[problem: string]: string}} */
  const problems = words.cameraProblems;
  const storage = { storage: words.storageFailed(unsaved), silent: words.storageSilent };
  const text = error === "no-input" ? problems[camera] : storage[error];
  const title = words.errorTitle;
  return [{ title, text, kind: "danger", action: words.tryAgain, act: tryAgain }];
}

/** @param {State} state @param {NoticeActions} actions @returns {Notice[]} */
function messagesOf({ messages }, { dismiss }) {
  const action = words.dismiss;
  return messages.map(({ id, text }) => ({
    ...{ id, text, kind: "warn", action },
    act: () => dismiss(id),
  }));
}

/** @param {State} state @param {Pick<NoticeActions, "signInUrl">} actions @returns {Notice[]} */
export function signInOf(state, { signInUrl }) {
  const text = words.signInTitle(waiting(state));
  if (state.signIn) return [{ text, kind: "warn", action: words.signIn, href: signInUrl() }];
  const stranded = !state.known && state.linkUp === false && !state.flow.error;
  return stranded ? [{ text: state.signedOut ? words.signedOutOffline : words.offlineFirst }] : [];
}

/** @param {State} state @param {NoticeActions} actions @returns {Notice[]} */
function quietOf(state, { reload, review }) {
  const { hasSpace, flow, newVersion, listing, clockOffset } = state;
  /** @type {Notice[]} */
  const notices = [];
  if (Math.abs(clockOffset) >= WRONG_CLOCK)
    notices.push({ text: words.clockWrong(clockOffset), kind: "warn" });
  // The camera screen shows it itself, where the shutter would be.
  if (!hasSpace && flow.name !== "camera") notices.push(almostFull(state, review));
  // A reload in the middle of sending would be an interruption.
  if (newVersion && !listing.photos.some(isMoving))
    notices.push({ text: words.newVersion, action: words.reload, act: reload });
  return notices;
}

/** What makes room is sending what waits: the way there is the notice's own button. @param {State} state @param {() => unknown} review @returns {Notice} */
function almostFull(state, review) {
  const { length } = inReview(state);
  if (!length) return { text: words.almostFullNoReview, kind: "warn" };
  const notice = { text: words.almostFull, kind: "warn" };
  if (state.flow.name === "reviewing") return notice;
  return { ...notice, action: words.reviewTitle, act: review, primary: true };
}

/** @param {Notice} notice */
function boxOf({ title, text, kind = "", action = "", act, href, primary = false }) {
  const heading = title ? [make("strong", "", title), make("br", "")] : [];
  const box = make("div", `note ${kind}`, icon("alert"), make("p", "", ...heading, text));
  if (act) box.append(button(action, act, primary ? "primary" : ""));
  if (href) {
    const link = make("a", "button", action);
    link.href = href;
    box.append(link);
  }
  return box;
}
