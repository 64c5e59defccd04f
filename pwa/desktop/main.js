/** Wires the desktop page; every other file is handed what it needs. */
import { createApi } from "../page/api.js";
import { readConfig } from "../page/config.js";
import { createRealtime } from "../page/realtime.js";
import { createRefetcher } from "../page/refetch.js";
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
import { showLink } from "./link-status.js";
import { NotesKeeper, NotesView } from "./notes.js";
import { PhotoDialog } from "./photo-dialog.js";
import { Printer } from "./print-sheet.js";
import { createRoutes } from "./routes.js";
import { watchSignIn } from "./signed-out.js";
import { StartDialog } from "./start-dialog.js";
import { Tabs } from "./tabs.js";
import { isSignedOut, trouble } from "./troubles.js";
import { VisitHead } from "./visit-head.js";
import { labelOf, VisitList } from "./visit-list.js";

/** @param {string} id */
const part = (id) => find(document, `#${id}`, HTMLElement);
/** @param {string} id */
const dialog = (id) => find(document, `#${id}`, HTMLDialogElement);

fillWords(words);
const config = readConfig();
const session = createSession(config);
const signInUrl = session.signInUrl("/desktop");
const getToken = session.getToken.bind(session);
const api = createApi({ getToken, fetch: fetch.bind(globalThis) });
const routes = createRoutes(watchSignIn(api, part("signed-out"), signInUrl));
const desk = new Desk(routes);
const tabs = new Tabs(part("tabs"), matchMedia("(max-width: 899px)"), "tab-photos");

const keeper = new NotesKeeper(routes, (visit) => desk.replaceVisit(visit));
const notes = new Drafts((id, fields) => keeper.save(id, fields));
const descriptions = new Drafts(async (id, fields) => {
  desk.replacePhoto(await routes.describe(id, fields));
});

wireVisits();
wirePhotos();
wireLeaving();
void start();

function wireVisits() {
  const show = (/** @type {string} */ id) => {
    tabs.show("tab-photos");
    void desk.show(id).catch(sayTrouble);
  };
  new VisitList(part("visit-list"), desk, show);
  new VisitHead(part("visit-head"), desk, createVisitActions(desk, show));
  new NotesView(part("notes"), desk, notes, keeper);
  const starter = new StartDialog(dialog("new-dialog"), async (wish) => {
    await desk.start(wish);
    tabs.show("tab-photos");
  });
  part("new-visit").addEventListener("click", () => starter.open());
  new EmptyState(part("empty"), desk, () => starter.open());
  document.addEventListener("keydown", (event) => {
    if (shortcut(event, isTyping(event.target)) !== "new") return;
    event.preventDefault();
    starter.open();
  });
  desk.addEventListener("moved", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail) void toast(words.currentMoved(labelOf(detail)));
  });
}

function wirePhotos() {
  const gallery = new Gallery(part("gallery"), desk, (id) => viewer.open(id));
  const acts = createPhotoActs(desk, () => viewer.close());
  const viewer = new PhotoDialog(dialog("photo-dialog"), desk, descriptions, acts, gallery);
  desk.addEventListener("arrived", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    announce(words.arrived(detail.length, desk.photos?.length ?? 0));
  });
  new Printer(part("sheet"), part("print"), () => ({
    visit: desk.shown,
    notes: find(document, "#notes-text", HTMLTextAreaElement).value,
    photos: desk.photos ?? [],
    address: (photo) => gallery.address(photo.id) ?? photo.url,
    user: session.user()?.name ?? "",
  }));
}

/** Nothing typed is lost by leaving: it is saved, or kept for the next page of this tab. */
function wireLeaving() {
  addEventListener("pagehide", () => [notes, descriptions].forEach((drafts) => drafts.keep()));
  document.addEventListener("visibilitychange", () => void notes.flush());
}

async function start() {
  try {
    await session.load();
    const [me] = await Promise.all([routes.me(), desk.refresh()]);
    open(me);
  } catch (error) {
    if (isSignedOut(error)) return location.replace(signInUrl);
    sayTrouble(error);
    setTimeout(start, 5000);
  }
}

/** @param {import("./shapes.js").Me} me */
function open(me) {
  sayTrouble(null);
  notes.restore(new DraftBox(sessionStorage, "notes", me.user.id));
  descriptions.restore(new DraftBox(sessionStorage, "photos", me.user.id));
  showAccount(part("account"), me.user, () => void signOut());
  listen(me);
}

/** @param {unknown} error null when all is well again */
function sayTrouble(error) {
  const line = part("trouble");
  line.hidden = !error || isSignedOut(error);
  line.textContent = error ? trouble("load", error) : "";
}

async function signOut() {
  const saved = await Promise.all([notes.flush(), descriptions.flush()]);
  if (!saved.every(Boolean)) return void toast(words.unsavedNotes);
  try {
    await session.signOut();
    location.assign(signInUrl);
  } catch (error) {
    void toast(trouble("signOut", error));
  }
}

/** @param {import("./shapes.js").Me} me */
function listen(me) {
  const refetcher = createRefetcher({ refetch: () => desk.refresh() });
  createRealtime({
    config: me.realtime,
    fetchToken: routes.realtimeToken,
    onSignal: () => refetcher.request(),
    onStatus: (/** @type {import("./link-status.js").Link} */ link) => showLink(part("link"), link),
  });
}
