/** Wires the phone's page: the only file here that knows all the others. */
import { createApi } from "../shared/http.js";
import { readConfig } from "../page/config.js";
import { createSession } from "../page/session/session.js";
import { phone as words } from "../page/words/phone.js";
import { keepUploadSession } from "../page/session/upload-session.js";
import { startWorker } from "./session/worker-bridge.js";
import { readOut, toast } from "../page/toasts.js";
import { withNames } from "../page/names.js";
import { openQueue } from "../queue/queue.js";
import { localDay } from "../queue/listing.js";
import { isMoving } from "../queue/photo-record.js";
import { realClock } from "../shared/clock.js";
import { ServerClock } from "../shared/server-clock.js";
import { correctTimes, lastOffset } from "../queue/shutter-times.js";
import { QuestionCard, wordsOf } from "./consultation/question-view.js";
import { BackButton } from "./back-button.js";
import { Camera } from "./camera/camera.js";
import { CameraView } from "./camera/camera-view.js";
import { Capturing } from "./camera/capturing.js";
import { Choosing } from "./consultation/choosing.js";
import { Confirming } from "./consultation/confirming.js";
import { byId } from "../page/dom.js";
import { once, pictureOf, reopening, reportLostFiles, wantCamera } from "./session/entry.js";
import { transition } from "./flow.js";
import { InventorySync } from "./upload-queue/inventory-sync.js";
import * as home from "./home-view.js";
import { labelOf } from "./consultation/identity.js";
import { Live } from "./session/live.js";
import { drawNotices } from "./notices-view.js";
import { openInTime } from "./session/open-queue.js";
import { UserSession } from "./session/user-session.js";
import { Picked } from "./consultation/picked.js";
import { Pictures } from "./review/pictures.js";
import { Placing } from "./consultation/placing.js";
import { openQuestion } from "./consultation/question.js";
import { QueueView } from "./upload-queue/queue-view.js";
import { UploadQueue } from "./upload-queue/upload-queue.js";
import { CaptureStatus } from "./capture-status.js";
import { ReviewView } from "./review/review-view.js";
import { ServerWatch } from "./session/server-watch.js";
import { Shots } from "./camera/shots.js";
import { Store, UNKNOWN } from "./store.js";
import { TooLarge } from "./review/too-large.js";
import { Install, WakeLock } from "./device-features.js";

/** @import { Known } from "./consultation/consultation-guard.js" */
/** @import { ErrorReason, FlowEvent } from "./flow.js" */
/** @import { HomeActions } from "./home-view.js" */
/** @import { NoticeActions } from "./notices-view.js" */
/** @import { ServerHandlers } from "./session/server-watch.js" */
/** @import { State } from "./store.js" */
/** @import { Api, ApiAnswer } from "../shared/http.js" */
/** @import { RealtimeToken } from "../shared/api-types.js" */
/** @import { Session } from "../page/session/session.js" */
/** @import { WorkerBridge } from "./session/worker-bridge.js" */
/** @import { Queue } from "../queue/queue.js" */
/** @import { PhotoSummary } from "../queue/photo-record.js" */

const TICK = 1000; // ms between redraws while a countdown is on the screen

/**
 * @typedef {object} Parts
 * @property {Queue} queue
 * @property {Session} session
 * @property {WorkerBridge} bridge
 * @property {Camera} camera
 * @property {Shots} shots
 * @property {Capturing} capturing
 * @property {UploadQueue} uploadQueue
 * @property {UserSession} userSession
 * @property {InventorySync} inventorySync
 * @property {Live} live
 * @property {Pictures} pictures
 * @property {Picked} picked
 * @property {Confirming} confirming
 * @property {Choosing} choosing
 */

/** @param {Store} store @param {Queue} queue */
async function start(store, queue) {
  const session = await createSession(readConfig());
  const time = new ServerClock();
  const onTime = (/** @type {number} */ server, /** @type {number} */ took) => {
    if (time.recordAnswer(server, took)) void correct(store, queue, time);
  };
  const api = createApi({ getToken: session.getToken, fetch: fetch.bind(window), onTime });
  const inventorySync = new InventorySync(queue, api.request);
  /** @type {() => void} */
  let notify = () => {};
  const token = async () => {
    /** @type {ApiAnswer<RealtimeToken>} */
    const { data } = await api.request("GET", "/api/realtime/token");
    return data;
  };
  const live = new Live(token, () => notify());
  const parts = { ...build(store, queue, session, time), inventorySync, live };
  const { userSession, uploadQueue, capturing, confirming } = parts;
  /** A camera that is opened before the server can be asked waits for that. @type {(ask: () => Promise<boolean>) => void} */
  let ready = () => {};
  const asker = new Promise((/** @type {typeof ready} */ resolve) => (ready = resolve));
  confirming.askServer = async () => (await asker)();
  time.restoreOffset(await lastOffset(queue.database).catch(() => 0));
  store.set({ clockOffset: time.offset });
  setInterval(() => {
    // A clock that was set while the page is open.
    if (time.offset !== store.state.clockOffset) store.set({ clockOffset: time.offset });
  }, TICK);
  await userSession.recall();
  await uploadQueue.refresh();
  capturing.resumeLast();
  show(store, parts);
  void reportLostFiles(store, parts.picked);
  session.remember(queue);
  session.onLeft(() => void signedOut(parts));
  await session.load();
  keepUploadSession(session, api);
  const camera = () => ({
    open: store.state.flow.screen === "camera",
    place: capturing.consultationId,
  });
  const watch = watchServer(api.request, parts, camera, () => time.now());
  notify = () => watch.onNotification();
  uploadQueue.askServer = () => void watch.ask();
  ready(() => watch.askAgain());
  capturing.reopen = reopening(api.request);
  session.onChange((user) => (user ? watch.askUserAgain() : live.stop()));
  wantCamera(store, capturing);
  await watch.start();
}

/** Nothing of the last user stays on the screen. @param {Omit<Parts, "inventorySync">} parts */
async function signedOut({ userSession, shots, uploadQueue }) {
  await userSession.onSignedOut(() => Promise.all([shots.allPhotosSaved(), uploadQueue.refresh()]));
}

/** Applies the server's clock to photos that were taken before it was known, and to the screen. @param {Store} store @param {Queue} queue @param {ServerClock} time */
async function correct(store, queue, time) {
  store.set({ clockOffset: time.offset });
  // Where the storage fails the page says so elsewhere.
  const changed = await correctTimes(queue.database, time.offset).catch(() => false);
  if (changed) queue.changes.publish({ type: "changed", by: "page" });
}

/**
 * @param {Store} store @param {Queue} queue @param {Session} session @param {ServerClock} time
 * @returns {Omit<Parts, "inventorySync"|"live">}
 */
function build(store, queue, session, time) {
  const bridge = startWorker({ queue, session });
  /** @type {(event: FlowEvent) => void} */
  const go = (event) => capturing.go(event);
  const status = new CaptureStatus(store, go, (photoId) => queue.receipt(photoId));
  void status.begin();
  const shots = new Shots(queue, () => store.state.images, status);
  const camera = new Camera(byId("video"), (state) => status.camera(state));
  const uploadQueue = new UploadQueue(store, queue, go, bridge);
  const pictures = new Pictures((photoId) => queue.bytes(photoId));
  const refresh = () => uploadQueue.refresh();
  const picture = pictureOf(pictures);
  const placing = new Placing(store, queue, refresh, () => shots.allPhotosSaved(), picture);
  const picked = new Picked(store, queue, navigator.locks);
  const confirming = new Confirming(store, realClock, () => time.now());
  const capturing = new Capturing(store, camera, shots, placing, confirming, time);
  const choosing = new Choosing(store, { capturing, confirming, placing, picked, shots });
  capturing.refresh = refresh;
  capturing.showMessage = (text) => store.showMessage(text);
  capturing.followed = (to) =>
    void toast(withNames(words.followed, labelOf(to, store.state.known)));
  const onKnown = (/** @type {Known} */ known) => capturing.onServerUpdate(known);
  const userSession = new UserSession(store, queue, session, onKnown, () => capturing.endSession());
  Object.assign(userSession, { settled: () => shots.allPhotosSaved(), now: () => time.now() });
  document.addEventListener("visibilitychange", () => document.hidden || time.resetAfterSleep());
  return {
    ...{ queue, session, bridge, camera, shots, capturing, uploadQueue, userSession },
    ...{ pictures, picked, confirming, choosing },
  };
}

/** @param {Api["request"]} request @param {Parts} parts @param {() => {open: boolean, place: string|null}} camera @param {() => number} now */
function watchServer(
  request,
  { bridge, uploadQueue, userSession, inventorySync, live },
  camera,
  now,
) {
  /** @type {ServerHandlers} */
  const handlers = {
    link: (up) => uploadQueue.onLink(up),
    signIn: (needed) => {
      if (!needed) inventorySync.sync();
      return userSession.onSignInNeeded(needed);
    },
    current: (answer, asked) => userSession.onConsultation(answer, asked),
    me: async (me, asked, answer) => {
      void live.listen(me.realtime);
      await userSession.onUser(me, asked, answer);
      await uploadQueue.refresh();
      void bridge.signedIn();
    },
  };
  return new ServerWatch(request, handlers, camera, now);
}

/** @param {Store} store @param {Parts} parts */
function show(store, parts) {
  const { camera, capturing, uploadQueue, pictures } = parts;
  const actions = actionsOf(store, parts);
  const cameraView = new CameraView(camera, capturing, actions.choose, actions.dismiss);
  const reviewView = new ReviewView(pictures, {
    retake: (photo) => capturing.retake(photo),
    remove: (photoId) => uploadQueue.remove(photoId),
    upload: actions.upload,
  });
  const card = new QuestionCard(byId("moved"), (choice) => capturing.answer(choice));
  const back = new BackButton(() => capturing.go({ type: "leave" }), history, window);
  const queueView = new QueueView(pictures, uploadQueue);
  const wakeLock = new WakeLock();
  home.wireHome(actions);
  listen(store, parts);
  store.show((state) => {
    const shownId = home.shownConsultation(state)?.id;
    drawCommon(state, actions);
    drawMoved(state, card);
    back.draw(state.flow.screen !== "home");
    home.drawHome(state);
    cameraView.draw(state);
    reviewView.draw(state, shownId);
    queueView.draw(state, shownId);
    wakeLock.want(state.listing.photos.some(isMoving));
  });
}

/** The card of every screen but the camera, which has its own in the shutter's place. @param {State} state @param {QuestionCard} card */
function drawMoved(state, card) {
  const question = state.flow.screen === "camera" ? null : openQuestion(state);
  if (card.draw(question) && question) readOut(wordsOf(question.pieces));
}

/** @param {State} state @param {NoticeActions} actions */
function drawCommon(state, actions) {
  home.drawScreen(state);
  home.drawHeader(state);
  drawNotices(state, actions);
}

/** @param {Store} store @param {Parts} parts */
function listen(store, { queue, bridge, shots, capturing, choosing, uploadQueue, inventorySync }) {
  const tooLarge = new TooLarge(queue, () => store.state.images, bridge.drain);
  const mend = () => tooLarge.encodeAgain(store.state.listing.photos);
  queue.watch(async () => {
    if (store.state.linkUp && !store.state.signIn) inventorySync.sync();
    await uploadQueue.refresh();
    void mend();
  });
  void mend();
  bridge.onNewVersion(() => store.set({ newVersion: true }));
  document.addEventListener("visibilitychange", () => document.hidden || capturing.onVisible());
  addEventListener("beforeunload", (event) => shots.unsaved && event.preventDefault());
  byId("files").onchange = () => {
    const files = Array.from(byId("files").files);
    byId("files").value = "";
    void choosing.choose(files);
  };
  setInterval(() => {
    capturing.tick();
    if (store.state.listing.photos.some(isCounting)) store.draw();
  }, TICK);
  let day = localDay(Date.now());
  setInterval(() => {
    // Words of "today" end at midnight, wherever the clock says that it is.
    if (day === localDay(Date.now())) return;
    day = localDay(Date.now());
    void uploadQueue.refresh();
  }, TICK);
}

/** @param {Store} store @param {Parts} parts @returns {HomeActions & NoticeActions & {upload: (photoIds: string[]) => Promise<void>}} */
function actionsOf(store, { bridge, capturing, choosing, uploadQueue, userSession, shots }) {
  const install = new Install();
  return {
    open: () => capturing.open(),
    review: () => capturing.go({ type: "review" }),
    leave: () => capturing.go({ type: "leave" }),
    choose: async () => (await choosing.before()) && byId("files").click(),
    menu: () => userSession.menu(install),
    sendNow: () => uploadQueue.sendNow(),
    signInUrl: () => userSession.signInUrl,
    reload: () => bridge.reload(),
    dismiss: (id) => {
      store.set({ messages: store.state.messages.filter((message) => message.id !== id) });
    },
    upload: once(async (/** @type {string[]} */ photoIds) => {
      if (await choosing.beforeUpload(photoIds)) await uploadQueue.upload(photoIds);
      else store.showMessage(words.notSentUnanswered(photoIds.length));
    }),
    tryAgain: async () => {
      if (await shots.retry()) capturing.go({ type: "recover" });
      store.set({ unsaved: shots.unsaved });
    },
  };
}

/** @param {PhotoSummary} photo */
const isCounting = ({ nextTryAt }) => nextTryAt !== null;

/** Without storage the page shows that, and what to do. @param {Store} store @param {ErrorReason} reason */
function refuse(store, reason) {
  const flow = transition(store.state.flow, { type: "fail", reason });
  store.set({ flow });
  const nothing = () => "";
  const actions = {
    ...{ tryAgain: () => location.reload(), reload: nothing, dismiss: nothing, review: nothing },
  };
  store.show((state) => drawCommon(state, { ...actions, signInUrl: nothing }));
}

const store = new Store(UNKNOWN);
const queue = await openInTime(openQueue, () => location.reload());
await (typeof queue === "string" ? refuse(store, queue) : start(store, queue));
