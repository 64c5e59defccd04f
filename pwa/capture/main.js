/** Wires the phone's page: the only file here that knows all the others. */
import { createApi } from "../page/api.js";
import { readConfig } from "../page/config.js";
import { createSession } from "../page/session.js";
import { phone as words } from "../page/words-phone.js";
import { keepUploadSession } from "../page/upload-session.js";
import { startWorker } from "../page/worker-bridge.js";
import { openQueue } from "../queue/queue.js";
import { isMoving } from "../queue/record.js";
import { Camera } from "./camera.js";
import { CameraView } from "./camera-view.js";
import { Capturing } from "./capturing.js";
import { fillWords, part } from "./dom.js";
import { transition } from "./flow.js";
import * as home from "./home-view.js";
import { Person } from "./person.js";
import { Pictures } from "./pictures.js";
import { QueueView } from "./queue-view.js";
import { Queueing } from "./queueing.js";
import { Reports } from "./reports.js";
import { ReviewView } from "./review-view.js";
import { ServerWatch } from "./server-watch.js";
import { Shots } from "./shots.js";
import { Store, UNKNOWN } from "./store.js";
import { Install, WakeLock } from "./surroundings.js";

/** @import { HomeActions } from "./home-view.js" */
/** @import { Queue } from "../queue/queue.js" */
/** @import { PhotoSummary } from "../queue/record.js" */

const TICK = 1000; // ms between redraws while a countdown is on the screen

/** @param {Store} store @param {Queue} queue */
async function start(store, queue) {
  const session = createSession(readConfig());
  const api = createApi({ getToken: session.getToken, fetch: fetch.bind(window) });
  const bridge = startWorker({ queue, session });
  const reports = new Reports(
    store,
    (event) => capturing.go(event),
    () => {
      void capturing.checkRoom();
    },
  );
  const shots = new Shots(queue, () => store.state.images, reports);
  const camera = new Camera(part("video"), (state) => reports.camera(state));
  const watch = new ServerWatch(api.request, {
    link: (up) => queueing.hearLink(up),
    signIn: (needed) => person.mayBeMissing(needed),
    current: (current) => person.learn(current),
    me: async (me) => {
      if (await person.meet(me)) capturing.go({ type: "leave" });
      await queueing.refresh();
      void bridge.signedIn();
    },
  });
  const capturing = new Capturing(store, camera, shots, () => watch.ask());
  const queueing = new Queueing(store, queue, (event) => capturing.go(event), bridge);
  const person = new Person(store, queue, session, (known) => capturing.hear(known));

  queue.watch(() => queueing.refresh());
  bridge.onNewVersion(() => store.set({ newVersion: true }));
  document.addEventListener("visibilitychange", () => document.hidden || capturing.wake());
  addEventListener("beforeunload", (event) => shots.unsaved && event.preventDefault());
  await person.recall();
  await queueing.refresh();
  show(store, { queue, camera, capturing, queueing, person, shots, reload: bridge.reload });
  session.remember(queue);
  await session.load();
  keepUploadSession(session, api);
  await watch.start();
}

/**
 * @typedef {{queue: Queue, camera: Camera, capturing: Capturing, queueing: Queueing, person: Person,
 *   shots: Shots, reload: () => unknown}} Parts
 */

/** @param {Store} store @param {Parts} parts */
function show(store, parts) {
  const { queue, camera, capturing, queueing } = parts;
  const actions = actionsOf(store, parts);
  const pictures = new Pictures((photoId) => queue.bytes(photoId));
  const cameraView = new CameraView(camera, capturing, actions.choose);
  const reviewView = new ReviewView(pictures, {
    retake: (photo) => capturing.retake(photo),
    remove: (photoId) => queueing.remove(photoId),
    upload: (photoIds) => queueing.upload(photoIds),
  });
  const queueView = new QueueView(pictures, queueing);
  const wakeLock = new WakeLock();
  home.wireHome(actions);
  part("files").onchange = () => {
    const files = Array.from(part("files").files);
    part("files").value = "";
    void capturing.choose(files);
  };
  store.show((state) => {
    const shownId = home.shown(state)?.id;
    home.drawScreen(state);
    home.drawHeader(state);
    home.drawHome(state);
    home.drawNotices(state, actions);
    cameraView.draw(state);
    reviewView.draw(state, shownId);
    queueView.draw(state, shownId);
    wakeLock.want(state.listing.photos.some(isMoving));
  });
  setInterval(() => store.state.listing.photos.some(isCounting) && store.draw(), TICK);
}

/** @param {Store} store @param {Parts} parts @returns {HomeActions} */
function actionsOf(store, { capturing, queueing, person, shots, reload }) {
  const install = new Install();
  return {
    open: () => capturing.open(),
    review: () => capturing.go({ type: "review" }),
    leave: () => capturing.go({ type: "leave" }),
    choose: async () => (await capturing.beforeChoosing()) && part("files").click(),
    menu: () => person.menu(install),
    sendNow: () => queueing.sendNow(),
    signInUrl: () => person.signInUrl,
    reload,
    dismiss: (message) => {
      store.set({ messages: store.state.messages.filter((text) => text !== message) });
    },
    tryAgain: async () => {
      if (await shots.retry()) capturing.go({ type: "recover" });
      store.set({ unsaved: shots.unsaved });
    },
  };
}

/** @param {PhotoSummary} photo */
const isCounting = ({ nextTryAt }) => nextTryAt !== null;

/** Where the browser lets the page store nothing, the page says so and what to do. @param {Store} store */
function refuse(store) {
  const flow = transition(store.state.flow, { type: "fail", reason: "storage" });
  store.set({ flow });
  store.show((state) => {
    home.drawScreen(state);
    home.drawHeader(state);
    home.drawNotices(state, { tryAgain: () => location.reload() });
  });
}

fillWords(document, words);
const store = new Store(UNKNOWN);
const queue = await openQueue().catch(() => null);
await (queue ? start(store, queue) : refuse(store));
