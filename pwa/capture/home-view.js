/** The patient line of every screen, the first screen, and the notices above it. */
import { announce } from "../page/toasts.js";
import { phone as words } from "../page/words-phone.js";
import { isMoving } from "../queue/record.js";
import { target } from "./consultation-guard.js";
import { button, clock, icon, make, part, say } from "./dom.js";
import { photoBinding } from "./review-view.js";
import { inQueue, inReview, waiting } from "./store.js";
import { installsByHand } from "./surroundings.js";

/** @import { State } from "./store.js" */

/**
 * @typedef {object} HomeActions
 * @property {() => unknown} open
 * @property {() => unknown} review
 * @property {() => unknown} choose
 * @property {() => unknown} leave
 * @property {() => unknown} menu
 * @property {() => unknown} sendNow
 * @property {() => unknown} tryAgain
 * @property {() => string} signInUrl
 * @property {() => unknown} reload
 * @property {(message: string) => unknown} dismiss
 */

/** @param {HomeActions} actions */
export function wireHome(actions) {
  for (const id of ["open-camera", "back-to-camera"]) part(id).onclick = actions.open;
  part("review-home").onclick = actions.review;
  part("choose-photos").onclick = actions.choose;
  part("leave-review").onclick = actions.leave;
  part("menu").onclick = actions.menu;
  part("send-now").onclick = actions.sendNow;
}

/** The consultation in the header: of the photo being retaken, of the visit, or the current one. @param {State} state */
export function shown({ retake, visit, known }) {
  const ours = visit?.belongs ?? (known && target(known)) ?? undefined;
  return retake && retake.consultationId !== ours?.id ? photoBinding(retake) : ours;
}

/** Shows the screen of a state, and moves the focus to the patient line when it is another one. @param {State} state */
export function drawScreen({ flow: { name } }) {
  const { dataset, classList } = document.body;
  if (dataset.state === name) return;
  const first = !dataset.state;
  const quiet = [dataset.state, name].every(
    (state) => state === "connected" || state === "uploading",
  );
  dataset.state = name;
  classList.toggle("always-dark", name === "camera");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-on]")
  ))
    element.toggleAttribute("data-off", !element.dataset.on?.split(" ").includes(name));
  if (first || quiet) return;
  scrollTo(0, 0);
  part("patient").focus();
}

/** @param {State} state */
export function drawHeader(state) {
  const { known, linkUp } = state;
  const consultation = /** @type {any} */ (shown(state));
  const unfiled = !consultation || consultation.id === known?.unfiled.id;
  say(part("patient"), unfiled ? words.noConsultationOpen : consultation.label);
  const opened = consultation?.openedAt && words.opened(clock(consultation.openedAt));
  const detail = [consultation?.secondIdentifier, opened].filter(Boolean).join(" · ");
  say(part("patient-detail"), unfiled ? (known ? words.goUnfiled : "") : detail);
  drawLink(linkUp);
}

/** @param {boolean|null} up */
function drawLink(up) {
  const dot = part("link");
  const text = up ? words.linkUp : words.linkDown;
  if (dot.ariaLabel === text) return;
  // The first answer of a page is what everybody expects; only changes are worth a word.
  if (dot.dataset.link) announce(text);
  if (up !== null) dot.dataset.link = up ? "up" : "down";
  dot.ariaLabel = dot.title = text;
}

/** @param {State} state */
export function drawHome(state) {
  const { known, images, listing } = state;
  part("open-camera").disabled = part("back-to-camera").disabled = !known;
  part("choose-photos").disabled = !known;
  part("choose").hidden = !images.choosePhotos;
  const count = inReview(state).length;
  part("in-review").hidden = !count;
  say(part("in-review-text"), words.notUploaded(count));
  say(part("review-home"), words.review(count));
  part("stored-today").hidden = !listing.storedToday;
  say(part("stored-today").lastElementChild, words.storedToday(listing.storedToday));
  say(part("others"), listing.otherOwners ? words.others(listing.otherOwners) : "");
  say(part("storage-note"), storageNote(state));
}

/** The one thing worth knowing about where photos wait. @param {State} state */
function storageNote(state) {
  // Without Background Sync nothing is sent once the page is closed.
  if (inQueue(state).length && !("SyncManager" in window)) return words.keepOpen;
  if (waiting(state) && !state.durable) return words.mayBeCleared;
  return installsByHand() ? words.iosInstall : "";
}

/** @param {State} state @param {Pick<HomeActions, "tryAgain"> & Partial<HomeActions>} actions */
export function drawNotices(state, actions) {
  const box = part("notices");
  const notices = noticesOf(state, actions);
  const key = notices.map(({ text }) => text).join("\n");
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.replaceChildren(...notices.map(noticeBox));
}

/** @typedef {{text: string, title?: string, kind?: string, action?: string, act?: () => unknown, href?: string}} Notice */

/** @param {State} state @param {Partial<HomeActions>} actions @returns {Notice[]} */
function noticesOf(state, actions) {
  const { flow, signIn, linkUp, known, messages, unsaved, room, newVersion, listing, camera } =
    state;
  /** @type {Notice[]} */
  const notices = messages.map((text) => ({
    text,
    kind: "warn",
    action: words.dismiss,
    act: () => actions.dismiss?.(text),
  }));
  /** @type {{[problem: string]: string}} */
  const problems = words.cameraProblems;
  const text = flow.error === "storage" ? words.storageFailed(unsaved) : problems[camera];
  const again = { action: words.tryAgain, act: actions.tryAgain };
  if (flow.error) notices.unshift({ title: words.errorTitle, text, kind: "danger", ...again });
  if (signIn)
    notices.push({
      text: words.signInTitle(waiting(state)),
      kind: "warn",
      action: words.signIn,
      href: actions.signInUrl?.(),
    });
  else if (!known && linkUp === false && !flow.error) notices.push({ text: words.offlineFirst });
  if (!room && flow.name !== "camera") notices.push({ text: words.almostFull, kind: "warn" });
  // A reload in the middle of sending would be an interruption.
  if (newVersion && !listing.photos.some(isMoving))
    notices.push({ text: words.newVersion, action: words.reload, act: actions.reload });
  return notices;
}

/** @param {Notice} notice */
function noticeBox({ title, text, kind = "", action, act, href }) {
  const content = make(
    "p",
    "",
    ...(title ? [make("strong", "", title), make("br", "")] : []),
    text,
  );
  const box = make("div", `note ${kind}`, icon("alert"), content);
  if (href && action) {
    const link = make("a", "button", action);
    link.href = href;
    box.append(link);
  } else if (action && act) box.append(button(action, act));
  return box;
}
