/** Wires the desktop page; every other file is handed what it needs. */
import { createApi } from "../page/api.js";
import { readConfig } from "../page/config.js";
import { createRealtime } from "../page/realtime.js";
import { createRefetcher, watchPage } from "../page/refetch.js";
import { createSession } from "../page/session.js";
import { announce, toast } from "../page/toasts.js";
import { desktop as words } from "../page/words-desktop.js";
import { showAccount } from "./account.js";
import { createPhotoActs, createVisitActions } from "./acts.js";
import { Desk } from "./desk.js";
import { fillWords, find } from "./dom.js";
import { DraftBox, Drafts } from "./drafts.js";
import { EmptyState } from "./empty.js";
import { Gallery } from "./gallery.js";
import { isTyping, shortcut } from "./keys.js";
import { openTwin } from "./identity.js";
import { LinkStatus } from "./link-status.js";
import { NotesKeeper, NotesView } from "./notes.js";
import { MovedCard } from "./moved-card.js";
import { PhoneWatch } from "./phone-watch.js";
import { PhotoDialog } from "./photo-dialog.js";
import { PlaceWatch } from "./place-watch.js";
import { Printer } from "./print-sheet.js";
import { createRoutes } from "./routes.js";
import { watchSignIn } from "./signed-out.js";
import { StartDialog } from "./start-dialog.js";
import { Tabs } from "./tabs.js";
import { isSignedOut, trouble } from "./troubles.js";
import { VisitHead } from "./visit-head.js";
import { VisitList } from "./visit-list.js";

/** @param {string} id */
const part = (id) => find(document, `#${id}`, HTMLElement);
/** @param {string} id */
const dialog = (id) => find(document, `#${id}`, HTMLDialogElement);

fillWords(words);
const config = readConfig();
const session = await createSession(config);
const signInUrl = session.signInUrl("/desktop");
const getToken = session.getToken;
const api = createApi({ getToken, fetch: fetch.bind(globalThis) });
const routes = createRoutes(watchSignIn(api, part("signed-out"), signInUrl));
const desk = new Desk(routes);
const tabs = new Tabs(part("tabs"), "tab-photos");

const keeper = new NotesKeeper(routes, (visit) => desk.replaceVisit(visit));
const notes = new Drafts((id, fields) => keeper.save(id, fields));
const descriptions = new Drafts(async (id, fields) => {
  desk.replacePhoto(await routes.describe(id, fields));
});
const link = new LinkStatus(part("link"));
const phones = new PhoneWatch(part("phones"), routes);
const refetcher = createRefetcher({ fetchNow: refresh });
/** @type {import("./shapes.js").Me | null} */
let me = null;
/** @type {import("../page/realtime.js").Realtime | null} */
let realtime = null;

wireVisits();
wirePhotos();
wirePhone();
wireLeaving();
void start();

function wireVisits() {
  const show = (/** @type {string} */ id) => {
    tabs.show("tab-photos");
    void desk.show(id).catch(sayTrouble);
  };
  new VisitList(part("visit-list"), desk, show);
  const starter = wireStarter();
  const correct = (/** @type {import("./shapes.js").Visit} */ visit) => starter.open(visit);
  const actions = createVisitActions(desk, { show, correct });
  new VisitHead(part("visit-head"), desk, actions);
  new MovedCard(part("moved"), desk, actions.choose);
  new NotesView(part("notes"), desk, notes, keeper);
  part("new-visit").addEventListener("click", () => starter.open());
  new EmptyState(part("empty"), desk, () => starter.open());
  document.addEventListener("keydown", (event) => {
    if (shortcut(event, isTyping(event.target)) !== "new") return;
    event.preventDefault();
    starter.open();
  });
}

function wireStarter() {
  return new StartDialog(dialog("new-dialog"), {
    async start(wish) {
      await desk.start(wish);
      tabs.show("tab-photos");
    },
    correct: (visit, wish) => desk.correct(visit, wish),
    twin: (wish, except) => openTwin(wish, desk.visits, except),
    visits: () => desk.visits,
  });
}

function wirePhotos() {
  const orToast = (/** @type {Promise<void>} */ act) =>
    void act.catch((/** @type {Error} */ error) => toast(error.message));
  const gallery = new Gallery(part("gallery"), part("unseen"), desk, (id) => viewer.open(id), {
    yes: (photo) => orToast(acts.confirm(photo)),
    move: (photo) => orToast(acts.move(photo)),
  });
  const address = (/** @type {import("./shapes.js").Photo} */ { id, url }) =>
    gallery.address(id) ?? url;
  const acts = createPhotoActs(desk, () => viewer.close(), address);
  new PlaceWatch(part("asked"), desk, (id) => {
    gallery.leadToAsked(id);
    void desk.show(id).catch(sayTrouble);
  });
  const viewer = new PhotoDialog(dialog("photo-dialog"), desk, descriptions, acts, gallery);
  desk.addEventListener("arrived", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    announce(words.arrived(detail.length, desk.photos?.length ?? 0));
  });
  new Printer(part("sheet"), part("print"), () => ({
    visit: desk.shown,
    visits: desk.visits,
    notes: find(document, "#notes-text", HTMLTextAreaElement).value,
    photos: desk.photos ?? [],
    address,
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
  await session.load().catch(() => {}); // the first fetch says what is wrong
  watchPage(refetcher);
  refetcher.start();
}

async function refresh() {
  try {
    // Asked for side by side; nothing is shown to type into before what was typed earlier is back.
    const opened = me ? undefined : routes.me().then(open);
    await Promise.all([opened, desk.refresh(opened)]);
    link.fetched(true);
    sayTrouble(null);
    void phones.glance();
  } catch (error) {
    const failures = link.fetched(false);
    if (!me && isSignedOut(error)) location.replace(signInUrl);
    else if (!me || failures > 1) sayTrouble(error);
    throw error;
  } finally {
    document.body.dataset.loaded = "";
  }
}

/** @param {import("./shapes.js").Me} answer */
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
      if (signal?.t === "captures.changed") void phones.look();
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
function sayTrouble(error) {
  const line = part("trouble");
  line.hidden = !error || isSignedOut(error);
  line.textContent = error ? trouble("load", error) : "";
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
    void toast(trouble("signOut", error));
  }
}
