/** Wires the desktop page; every other file is handed what it needs. */
import { createApi } from "../shared/http.js";
import { readConfig } from "../page/config.js";
import { createRealtime } from "../page/signals/realtime.js";
import { createRefetcher, watchPage } from "../page/signals/refetch.js";
import { createSession } from "../page/session/session.js";
import { readOut, toast } from "../page/toasts.js";
import { desktop as words } from "../page/words/desktop.js";
import { showAccount } from "./shell/account.js";
import { createPhotoActs, createConsultationActions } from "./actions.js";
import { Desk } from "./desk.js";
import { find } from "../page/dom.js";
import { DraftBox, Drafts } from "./notes/drafts.js";
import { EmptyState } from "./gallery/empty.js";
import { Gallery } from "./gallery/gallery.js";
import { isTyping, shortcut } from "./shell/keys.js";
import { openTwin } from "./consultations/identity.js";
import { LinkStatus } from "./shell/link-status.js";
import { NotesKeeper, NotesView } from "./notes/notes.js";
import { MovedCard } from "./consultations/moved-card.js";
import { PhoneWatch } from "./shell/phone-watch.js";
import { PhotoDialog } from "./gallery/photo-dialog.js";
import { PlaceWatch } from "./consultations/place-watch.js";
import { Printer } from "./gallery/print-sheet.js";
import { createRoutes } from "./shell/routes.js";
import { watchSignIn } from "./shell/signed-out.js";
import { StartDialog } from "./consultations/start-dialog.js";
import { Tabs } from "./shell/tabs.js";
import { isSignedOut, errorMessage } from "./shell/error-messages.js";
import { ConsultationHead } from "./consultations/consultation-head.js";
import { ConsultationList } from "./consultations/consultation-list.js";

/** @param {string} id */
const part = (id) => find(document, `#${id}`, HTMLElement);
/** @param {string} id */
const dialog = (id) => find(document, `#${id}`, HTMLDialogElement);

const config = readConfig();
const session = await createSession(config);
const signInUrl = session.signInUrl("/desktop");
const getToken = session.getToken;
const api = createApi({ getToken, fetch: fetch.bind(globalThis) });
const routes = createRoutes(watchSignIn(api, part("signed-out"), signInUrl));
const desk = new Desk(routes);
const tabs = new Tabs(part("tabs"), "tab-photos");

const keeper = new NotesKeeper(routes, (consultation) => desk.replaceConsultation(consultation));
const notes = new Drafts((id, fields) => keeper.save(id, fields));
const descriptions = new Drafts(async (id, fields) => {
  desk.replacePhoto(await routes.describe(id, fields));
});
const link = new LinkStatus(part("link"));
const phones = new PhoneWatch(part("phones"), routes);
const refetcher = createRefetcher({ fetchNow: refresh });
/** @type {import("../shared/api-types.js").Me | null} */
let me = null;
/** @type {import("../page/signals/realtime.js").Realtime | null} */
let realtime = null;

wireConsultations();
wirePhotos();
wirePhone();
wireLeaving();
void start();

function wireConsultations() {
  const show = (/** @type {string} */ id) => {
    tabs.show("tab-photos");
    void desk.show(id).catch(showTrouble);
  };
  new ConsultationList(part("consultation-list"), desk, show);
  const starter = wireStarter();
  const correct = (/** @type {import("../shared/api-types.js").Consultation} */ consultation) =>
    starter.open(consultation);
  const actions = createConsultationActions(desk, { show, correct });
  new ConsultationHead(part("consultation-head"), desk, actions);
  new MovedCard(part("moved"), desk, actions.choose);
  new NotesView(part("notes"), desk, notes, keeper);
  const begin = find(document, "#new-consultation", HTMLButtonElement);
  begin.addEventListener("click", () => starter.open());
  begin.disabled = false;
  new EmptyState(part("empty"), desk, () => starter.open());
  document.addEventListener("keydown", (event) => {
    if (shortcut(event, isTyping(event.target)) !== "new") return;
    event.preventDefault();
    starter.open();
  });
}

function wireStarter() {
  return new StartDialog(dialog("new-dialog"), {
    async start(identity) {
      await desk.start(identity);
      tabs.show("tab-photos");
    },
    correct: (consultation, identity) => desk.correct(consultation, identity),
    twin: (identity, except) => openTwin(identity, desk.consultations, except),
    consultations: () => desk.consultations,
  });
}

function wirePhotos() {
  const orToast = (/** @type {Promise<void>} */ act) =>
    void act.catch((/** @type {Error} */ error) => toast(error.message));
  const gallery = new Gallery(part("gallery"), part("unseen"), desk, (id) => viewer.open(id), {
    yes: (photo) => orToast(acts.confirm(photo)),
    move: (photo) => orToast(acts.move(photo)),
  });
  const address = (/** @type {import("../shared/api-types.js").Photo} */ { id, url }) =>
    gallery.address(id) ?? url;
  const pictureAddress = (/** @type {import("../shared/api-types.js").Photo} */ { id, url }) =>
    gallery.pictureAddress(id) ?? url;
  const acts = createPhotoActs(desk, () => viewer.close(), pictureAddress);
  new PlaceWatch(part("asked"), desk, (id) => {
    gallery.leadToAsked(id);
    void desk.show(id).catch(showTrouble);
  });
  const viewer = new PhotoDialog(dialog("photo-dialog"), desk, descriptions, acts, gallery);
  desk.addEventListener("arrived", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    readOut(words.arrived(detail.length, desk.photos?.length ?? 0));
  });
  new Printer(part("sheet"), part("print"), (isAwaited) => ({
    consultation: desk.shown,
    consultations: desk.consultations,
    notes: find(document, "#notes-text", HTMLTextAreaElement).value,
    photos: desk.photos ?? [],
    address: isAwaited ? address : pictureAddress,
    user: me?.user.name ?? "",
  }));
}

/** The QR leads to one address; where that is this computer's own, a phone cannot follow. */
function wirePhone() {
  const { hostname } = new URL(config.phoneUrl, location.href);
  const isLoopback = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  find(part("qr"), ".note", HTMLElement).hidden = !isLoopback;
  const first = find(part("qr"), ".first-time", HTMLElement);
  first.hidden = !config.trustUrl;
  first.textContent = config.trustUrl && words.firstTime(config.trustUrl);
}

/** Nothing typed is lost by leaving: it is saved, or kept for the next page of this tab. */
function wireLeaving() {
  addEventListener("pagehide", () => [notes, descriptions].forEach((drafts) => drafts.keep()));
  document.addEventListener("visibilitychange", () => void notes.flush());
}

/** Fetches first and listens beside it; the refetcher decides when to look again. */
async function start() {
  session.onLeft(leave);
  await session.load().catch(() => {}); // the first fetch shows what is wrong
  watchPage(refetcher);
  refetcher.start();
}

async function refresh() {
  try {
    // Asked for side by side; nothing is shown to type into before what was typed earlier is back.
    const opened = me ? undefined : routes.me().then(open);
    await Promise.all([opened, desk.refresh(opened)]);
    link.fetched(true);
    showTrouble(null);
    void phones.refreshIfStale();
  } catch (error) {
    const failures = link.fetched(false);
    if (!me && isSignedOut(error)) location.replace(signInUrl);
    else if (!me || failures > 1) showTrouble(error);
    throw error;
  } finally {
    document.body.dataset.loaded = "";
  }
}

/** @param {import("../shared/api-types.js").Me} answer */
function open(answer) {
  me = answer;
  const { user } = answer;
  notes.restore(new DraftBox(sessionStorage, "notes", user.id));
  descriptions.restore(new DraftBox(sessionStorage, "photos", user.id));
  const passwordUrl = session.passwordUrl?.("/desktop") ?? null;
  showAccount(part("account"), user, () => void signOut(), passwordUrl);
  const signals = createRealtime({
    config: answer.realtime,
    fetchToken: routes.realtimeToken,
    onSignal(signal) {
      if (signal?.t === "captures.changed") void phones.refresh();
      else refetcher.request();
    },
    onStatus(status) {
      refetcher.setStatus(status);
      link.signals(status);
    },
  });
  realtime = signals;
  signals.start();
  session.onChange(() => {
    // Another account in another tab: nothing of this one may stay on the screen.
    if ((session.user()?.id ?? user.id) !== user.id) return leave();
    refetcher.request();
    signals.retry();
  });
}

/** @param {unknown} error null when all is well again */
function showTrouble(error) {
  const line = part("trouble");
  line.hidden = !error || isSignedOut(error);
  line.textContent = error ? errorMessage("load", error) : "";
}

/** Signed out, or another account in another tab: nothing of this one may stay, on the screen or behind Back. */
function leave() {
  realtime?.stop();
  document.body.replaceChildren();
  if (session.user()) location.reload();
  else location.replace(signInUrl);
}

async function signOut() {
  const saved = await Promise.all([notes.flush(), descriptions.flush()]);
  if (!saved.every(Boolean)) return void toast(words.unsavedNotes);
  try {
    // The server ends it with the session, which the client would take for trouble.
    realtime?.stop();
    await session.signOut();
    leave();
  } catch (error) {
    realtime?.start();
    void toast(errorMessage("signOut", error));
  }
}
