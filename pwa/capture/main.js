/** Wires the phone's page: the only file here that knows all the others. */
import { createApi } from "../page/api.js";
import { readConfig } from "../page/config.js";
import { createSession } from "../page/session.js";
import { phone as words } from "../page/words-phone.js";
import { keepUploadSession } from "../page/upload-session.js";
import { startWorker } from "../page/worker-bridge.js";
import { announce, toast } from "../page/toasts.js";
import { withNames } from "../page/names.js";
import { openQueue } from "../queue/queue.js";
import { localDay } from "../queue/listing.js";
import { isMoving } from "../queue/record.js";
import { realClock } from "../queue/clock.js";
import { ServerClock } from "../queue/server-clock.js";
import { correctTimes, lastOffset } from "../queue/shutter-times.js";
import { QuestionCard, wordsOf } from "./asked-view.js";
import { BackButton } from "./back-button.js";
import { Camera } from "./camera.js";
import { CameraView } from "./camera-view.js";
import { Capturing } from "./capturing.js";
import { Choosing } from "./choosing.js";
import { Confirming } from "./confirming.js";
import { fillWords, part } from "./dom.js";
import { once, pictureOf, reopening, sayLost, wantCamera } from "./entry.js";
import { transition } from "./flow.js";
import { Holdings } from "./holdings.js";
import * as home from "./home-view.js";
import { labelOf } from "./identity.js";
import { Live } from "./live.js";
import { drawNotices } from "./notices-view.js";
import { opened } from "./opening.js";
import { Person } from "./person.js";
import { Picked } from "./picked.js";
import { Pictures } from "./pictures.js";
import { Placing } from "./placing.js";
import { openQuestion } from "./question.js";
import { QueueView } from "./queue-view.js";
import { Queueing } from "./queueing.js";
import { Reports } from "./reports.js";
import { ReviewView } from "./review-view.js";
import { ServerWatch } from "./server-watch.js";
import { Shots } from "./shots.js";
import { Store, UNKNOWN } from "./store.js";
import { TooLarge } from "./too-large.js";
import { Install, WakeLock } from "./surroundings.js";

/** @import { Known, Moment } from "./consultation-guard.js" */
/** @import { ErrorReason, FlowEvent } from "./flow.js" */
/** @import { HomeActions } from "./home-view.js" */
/** @import { NoticeActions } from "./notices-view.js" */
/** @import { Answer, Request } from "./server-watch.js" */
/** @import { State } from "./store.js" */
/** @import { Session } from "../page/session.js" */
/** @import { WorkerBridge } from "../page/worker-bridge.js" */
/** @import { Queue } from "../queue/queue.js" */
/** @import { PhotoSummary } from "../queue/record.js" */

const TICK = 1000; // ms between redraws while a countdown is on the screen

/**
 * @typedef {object} Parts
 * @property {Queue} queue
 * @property {Session} session
 * @property {WorkerBridge} bridge
 * @property {Camera} camera
 * @property {Shots} shots
 * @property {Capturing} capturing
 * @property {Queueing} queueing
 * @property {Person} person
 * @property {Holdings} holdings
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
    if (time.heard(server, took)) void correct(store, queue, time);
  };
  const api = createApi({ getToken: session.getToken, fetch: fetch.bind(window), onTime });
  const holdings = new Holdings(queue, api.request);
  /** @type {() => void} */
  let hint = () => {};
  const token = async () => (await api.request("GET", "/api/realtime/token")).data;
  const live = new Live(token, () => hint());
  const parts = { ...build(store, queue, session, time), holdings, live };
  const { person, queueing, capturing, confirming } = parts;
  /** A camera that is opened before the server can be asked waits for that. @type {(ask: () => Promise<boolean>) => void} */
  let ready = () => {};
  const asker = new Promise((/** @type {typeof ready} */ resolve) => (ready = resolve));
  confirming.askServer = async () => (await asker)();
  time.recall(await lastOffset(queue.database).catch(() => 0));
  store.set({ clockOffset: time.offset });
  setInterval(() => {
    // A clock that was set while the page is open.
    if (time.offset !== store.state.clockOffset) store.set({ clockOffset: time.offset });
  }, TICK);
  await person.recall();
  await queueing.refresh();
  capturing.takeUp();
  show(store, parts);
  void sayLost(store, parts.picked);
  session.remember(queue);
  session.onLeft(() => void signedOut(parts));
  await session.load();
  keepUploadSession(session, api);
  const camera = () => ({ open: store.state.flow.screen === "camera", place: capturing.place });
  const watch = watchServer(api.request, parts, camera, () => time.now());
  hint = () => watch.hint();
  queueing.askServer = () => void watch.ask();
  ready(() => watch.askAnew());
  capturing.reopen = reopening(api.request);
  session.onChange((user) => (user ? watch.meetAnew() : live.stop()));
  wantCamera(store, capturing);
  await watch.start();
}

/** Nothing of the last person stays on the screen. @param {Omit<Parts, "holdings">} parts */
async function signedOut({ person, shots, queueing }) {
  await person.left(() => Promise.all([shots.settled(), queueing.refresh()]));
}

/** What the server's clock changes: photos that were taken before it was heard, and what is said. @param {Store} store @param {Queue} queue @param {ServerClock} time */
async function correct(store, queue, time) {
  store.set({ clockOffset: time.offset });
  // Where the storage fails the page says so elsewhere.
  const changed = await correctTimes(queue.database, time.offset).catch(() => false);
  if (changed) queue.changes.tell({ type: "changed", by: "page" });
}

/**
 * @param {Store} store @param {Queue} queue @param {Session} session @param {ServerClock} time
 * @returns {Omit<Parts, "holdings"|"live">}
 */
function build(store, queue, session, time) {
  const bridge = startWorker({ queue, session });
  /** @type {(event: FlowEvent) => void} */
  const go = (event) => capturing.go(event);
  const reports = new Reports(store, go, (photoId) => queue.receipt(photoId));
  void reports.begin();
  const shots = new Shots(queue, () => store.state.images, reports);
  const camera = new Camera(part("video"), (state) => reports.camera(state));
  const queueing = new Queueing(store, queue, go, bridge);
  const pictures = new Pictures((photoId) => queue.bytes(photoId));
  const refresh = () => queueing.refresh();
  const picture = pictureOf(pictures);
  const placing = new Placing(store, queue, refresh, () => shots.settled(), picture);
  const picked = new Picked(store, queue, navigator.locks);
  const confirming = new Confirming(store, realClock, () => time.now());
  const capturing = new Capturing(store, camera, shots, placing, confirming, time);
  const choosing = new Choosing(store, { capturing, confirming, placing, picked, shots });
  capturing.say = (text) => store.say(text);
  capturing.followed = (to) =>
    void toast(withNames(words.followed, labelOf(to, store.state.known)));
  const hear = (/** @type {Known} */ known) => capturing.hear(known);
  const person = new Person(store, queue, session, hear, () => capturing.forget());
  Object.assign(person, { settled: () => shots.settled(), now: () => time.now() });
  document.addEventListener("visibilitychange", () => document.hidden || time.slept());
  return {
    ...{ queue, session, bridge, camera, shots, capturing, queueing, person },
    ...{ pictures, picked, confirming, choosing },
  };
}

/** @param {Request} request @param {Parts} parts @param {() => {open: boolean, place: string|null}} camera @param {() => number} now */
function watchServer(request, { bridge, queueing, person, holdings, live }, camera, now) {
  const hearing = {
    link: (/** @type {boolean} */ up) => queueing.hearLink(up),
    signIn: (/** @type {boolean} */ needed) => {
      if (!needed) holdings.tell();
      return person.mayBeMissing(needed);
    },
    current: (/** @type {Answer} */ answer, /** @type {Moment} */ asked) =>
      person.learn(answer, asked),
    me: async (
      /** @type {any} */ me,
      /** @type {Moment} */ asked,
      /** @type {Answer|null} */ word,
    ) => {
      void live.listen(me.realtime);
      await person.meet(me, asked, word);
      await queueing.refresh();
      void bridge.signedIn();
    },
  };
  return new ServerWatch(request, hearing, camera, now);
}

/** @param {Store} store @param {Parts} parts */
function show(store, parts) {
  const { camera, capturing, queueing, pictures } = parts;
  const actions = actionsOf(store, parts);
  const cameraView = new CameraView(camera, capturing, actions.choose, actions.dismiss);
  const reviewView = new ReviewView(pictures, {
    retake: (photo) => capturing.retake(photo),
    remove: (photoId) => queueing.remove(photoId),
    upload: actions.upload,
  });
  const card = new QuestionCard(part("moved"), (choice) => capturing.answer(choice));
  const back = new BackButton(() => capturing.go({ type: "leave" }), history, window);
  const queueView = new QueueView(pictures, queueing);
  const wakeLock = new WakeLock();
  home.wireHome(actions);
  listen(store, parts);
  store.show((state) => {
    const shownId = home.shown(state)?.id;
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
  if (card.draw(question) && question) announce(wordsOf(question.pieces));
}

/** @param {State} state @param {NoticeActions} actions */
function drawCommon(state, actions) {
  home.drawScreen(state);
  home.drawHeader(state);
  drawNotices(state, actions);
}

/** @param {Store} store @param {Parts} parts */
function listen(store, { queue, bridge, shots, capturing, choosing, queueing, holdings }) {
  const tooLarge = new TooLarge(queue, () => store.state.images, bridge.drain);
  const mend = () => tooLarge.mend(store.state.listing.photos);
  queue.watch(async () => {
    if (store.state.linkUp && !store.state.signIn) holdings.tell();
    await queueing.refresh();
    void mend();
  });
  void mend();
  bridge.onNewVersion(() => store.set({ newVersion: true }));
  document.addEventListener("visibilitychange", () => document.hidden || capturing.wake());
  addEventListener("beforeunload", (event) => shots.unsaved && event.preventDefault());
  part("files").onchange = () => {
    const files = Array.from(part("files").files);
    part("files").value = "";
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
    void queueing.refresh();
  }, TICK);
}

/** @param {Store} store @param {Parts} parts @returns {HomeActions & NoticeActions & {upload: (photoIds: string[]) => Promise<void>}} */
function actionsOf(store, { bridge, capturing, choosing, queueing, person, shots }) {
  const install = new Install();
  return {
    open: () => capturing.open(),
    review: () => capturing.go({ type: "review" }),
    leave: () => capturing.go({ type: "leave" }),
    choose: async () => (await choosing.before()) && part("files").click(),
    menu: () => person.menu(install),
    sendNow: () => queueing.sendNow(),
    signInUrl: () => person.signInUrl,
    reload: () => bridge.reload(),
    dismiss: (id) => {
      store.set({ messages: store.state.messages.filter((message) => message.id !== id) });
    },
    upload: once(async (/** @type {string[]} */ photoIds) => {
      if (await choosing.beforeUpload(photoIds)) await queueing.upload(photoIds);
      else store.say(words.notSentUnanswered(photoIds.length));
    }),
    tryAgain: async () => {
      if (await shots.retry()) capturing.go({ type: "recover" });
      store.set({ unsaved: shots.unsaved });
    },
  };
}

/** @param {PhotoSummary} photo */
const isCounting = ({ nextTryAt }) => nextTryAt !== null;

/** Without storage the page says so and what to do. @param {Store} store @param {ErrorReason} reason */
function refuse(store, reason) {
  const flow = transition(store.state.flow, { type: "fail", reason });
  store.set({ flow });
  const nothing = () => "";
  const actions = {
    ...{ tryAgain: () => location.reload(), reload: nothing, dismiss: nothing, review: nothing },
  };
  store.show((state) => drawCommon(state, { ...actions, signInUrl: nothing }));
}

fillWords(document, words);
const store = new Store(UNKNOWN);
const queue = await opened(openQueue, () => location.reload());
await (typeof queue === "string" ? refuse(store, queue) : start(store, queue));
