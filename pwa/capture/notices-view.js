/** What needs a word above the screens: errors with their way out, a sign-in, a new version. */
import { phone as words } from "../page/words-phone.js";
import { isMoving } from "../queue/record.js";
import { button, icon, make, part } from "./dom.js";
import { waiting } from "./store.js";

/** @import { State } from "./store.js" */

/**
 * @typedef {object} NoticeActions
 * @property {() => unknown} tryAgain
 * @property {() => unknown} reload
 * @property {() => string} signInUrl
 * @property {(message: string) => unknown} dismiss
 */
/** @typedef {{text: string, title?: string, kind?: string, action?: string, act?: () => unknown, href?: string}} Notice */

const WRONG_CLOCK = 2 * 60_000; // ms; less than that concerns nobody

/** @param {State} state @param {NoticeActions} actions */
export function drawNotices(state, actions) {
  const box = part("notices");
  const notices = [
    ...errorOf(state, actions),
    ...messagesOf(state, actions),
    ...signInOf(state, actions),
    ...quietOf(state, actions),
  ];
  const key = notices.map(({ text }) => text).join("\n");
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
  return messages.map((text) => ({ text, kind: "warn", action, act: () => dismiss(text) }));
}

/** @param {State} state @param {Pick<NoticeActions, "signInUrl">} actions @returns {Notice[]} */
export function signInOf(state, { signInUrl }) {
  const text = words.signInTitle(waiting(state));
  if (state.signIn) return [{ text, kind: "warn", action: words.signIn, href: signInUrl() }];
  const stranded = !state.known && state.linkUp === false && !state.flow.error;
  return stranded ? [{ text: state.signedOut ? words.signedOutOffline : words.offlineFirst }] : [];
}

/** @param {State} state @param {NoticeActions} actions @returns {Notice[]} */
function quietOf({ room, flow, newVersion, listing, clockOffset }, { reload }) {
  /** @type {Notice[]} */
  const notices = [];
  if (Math.abs(clockOffset) >= WRONG_CLOCK)
    notices.push({ text: words.clockWrong(clockOffset), kind: "warn" });
  // The camera says it itself, where the shutter would be.
  if (!room && flow.name !== "camera") notices.push({ text: words.almostFull, kind: "warn" });
  // A reload in the middle of sending would be an interruption.
  if (newVersion && !listing.photos.some(isMoving))
    notices.push({ text: words.newVersion, action: words.reload, act: reload });
  return notices;
}

/** @param {Notice} notice */
function boxOf({ title, text, kind = "", action = "", act, href }) {
  const heading = title ? [make("strong", "", title), make("br", "")] : [];
  const box = make("div", `note ${kind}`, icon("alert"), make("p", "", ...heading, text));
  if (act) box.append(button(action, act));
  if (href) {
    const link = make("a", "button", action);
    link.href = href;
    box.append(link);
  }
  return box;
}
