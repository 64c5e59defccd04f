/** The patient line of every screen, the first screen, and the notices above it. */
import { announce } from "../page/toasts.js";
import { phone as words } from "../page/words-phone.js";
import { target } from "./consultation-guard.js";
import { part, say } from "./dom.js";
import { bindingOfPhoto, namedIn, twinTime } from "./identity.js";
import { inQueue, inReview, waiting } from "./store.js";
import { installsByHand } from "./surroundings.js";

/** @import { State } from "./store.js" */

const LONG = 48; // characters; the end of a label may be what tells two patients apart

/**
 * @typedef {object} HomeActions
 * @property {() => unknown} open
 * @property {() => unknown} review
 * @property {() => unknown} choose
 * @property {() => unknown} leave
 * @property {() => unknown} menu
 * @property {() => unknown} sendNow
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
  return retake && retake.consultationId !== ours?.id ? bindingOfPhoto(retake, known) : ours;
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
  const label = unfiled ? words.noConsultationOpen : consultation.label;
  say(part("patient"), label);
  part("patient").classList.toggle("long", label.length > LONG);
  const opened = consultation?.openedAt && words.opened(twinTime(consultation, namedIn(state)));
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
  say(part("others"), othersOf(state));
  say(part("storage-note"), storageNote(state));
}

/** Photos that are not this person's; with nobody signed in they may well be. @param {State} state */
export function othersOf({ owner, listing: { otherOwners } }) {
  if (!otherOwners) return "";
  return owner ? words.others(otherOwners) : words.ownerless(otherOwners);
}

/** The one thing worth knowing about where photos wait. @param {State} state */
function storageNote(state) {
  // Without Background Sync nothing is sent once the page is closed.
  if (inQueue(state).length && !("SyncManager" in window)) return words.keepOpen;
  // Installing is what makes storage last there; while photos wait it would leave them behind.
  if (installsByHand() && !waiting(state)) return words.iosInstall;
  if (state.durable) return "";
  return waiting(state) ? words.mayBeCleared : words.mayBeClearedLater;
}
