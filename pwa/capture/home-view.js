/** The patient line of every screen, the first screen, and the notices above it. */
import { readOut } from "../page/toasts.js";
import { phone as words } from "../page/words/phone.js";
import { target } from "./consultation/consultation-guard.js";
import { byId, setText } from "../page/dom.js";
import { bindingOfPhoto, namedIn, twinTime } from "./consultation/identity.js";
import { inQueue, inReview, waiting } from "./store.js";
import { installsByHand } from "./device-features.js";

/** @import { Binding } from "./consultation/consultation-guard.js" */
/** @import { Named } from "./consultation/identity.js" */
/** @import { State } from "./store.js" */

const LONG = 48; // characters; the end of a label may be what distinguishes two patients

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
  for (const id of ["open-camera", "back-to-camera"]) byId(id).onclick = actions.open;
  byId("review-home").onclick = actions.review;
  byId("choose-photos").onclick = actions.choose;
  byId("leave-review").onclick = actions.leave;
  byId("menu").onclick = actions.menu;
  byId("send-now").onclick = actions.sendNow;
}

/** The consultation in the header: of the photo being retaken, of the camera session, or the current one. @param {State} state */
export function shownConsultation({ retake, cameraSession, known }) {
  const ours = cameraSession?.consultation ?? (known && target(known)) ?? undefined;
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
  byId("patient").focus();
}

/** @param {State} state */
export function drawHeader(state) {
  const { known, linkUp } = state;
  const consultation = shownConsultation(state);
  const unfiled = !consultation || consultation.id === known?.unfiled.id;
  const label = unfiled ? words.noConsultationOpen : consultation.label;
  setText(byId("patient"), label);
  byId("patient").classList.toggle("long", label.length > LONG);
  byId("patient").classList.toggle("none", unfiled);
  const note = known ? words.goUnfiled : "";
  setText(byId("patient-detail"), unfiled ? note : detailOf(consultation, namedIn(state)));
  drawLink(linkUp);
}

/** @param {Binding} consultation @param {Named[]} others */
function detailOf(consultation, others) {
  const { openedAt, secondIdentifier } = consultation;
  const opened = openedAt && words.opened(twinTime(consultation, others));
  return [secondIdentifier, opened].filter(Boolean).join(" · ");
}

/** @param {boolean|null} up */
function drawLink(up) {
  const dot = byId("link");
  const text = up ? words.linkUp : words.linkDown;
  if (dot.ariaLabel === text) return;
  // The first answer of a page is expected; only changes are announced.
  if (dot.dataset.link) readOut(text);
  if (up !== null) dot.dataset.link = up ? "up" : "down";
  dot.ariaLabel = dot.title = text;
}

/** @param {State} state */
export function drawHome(state) {
  const { known, images, listing } = state;
  byId("open-camera").disabled = byId("back-to-camera").disabled = !known;
  byId("choose-photos").disabled = !known;
  byId("choose").hidden = !images.choosePhotos;
  const count = inReview(state).length;
  byId("in-review").hidden = !count;
  setText(byId("in-review-text"), words.notUploaded(count));
  setText(byId("review-home"), words.review(count));
  byId("stored-today").hidden = !listing.storedToday;
  setText(byId("stored-today").lastElementChild, words.storedToday(listing.storedToday));
  setText(byId("others"), othersOf(state));
  setText(byId("storage-note"), storageNote(state));
}

/** Photos of other users; after a sign-out perhaps of this phone's own user. @param {State} state */
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
