/**
 * The page's side of the service worker: registers it, asks it to send what waits on every occasion,
 * lends it a token, and runs the same replay here where no worker is active.
 */

import { realClock, withLimit } from "../../shared/clock.js";
import { QueueStore } from "../../queue/replay/queue-store.js";
import { SYNC_TAG, messageOf } from "../../queue/messages.js";
import { replay } from "../../queue/replay/replay.js";
import { checkTimes } from "../../queue/shutter-times.js";
import { Uploader } from "../../queue/replay/uploader.js";
import { trustedScript } from "../../page/trusted.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { Queue } from "../../queue/queue.js" */

/**
 * @typedef {object} Browser what the bridge needs of it
 * @property {ServiceWorkerContainer | undefined} container
 * @property {LockManager} locks
 * @property {Pick<Document, "visibilityState" | "addEventListener" | "removeEventListener">} page
 * @property {Pick<Window, "addEventListener" | "removeEventListener">} window
 * @property {Pick<Location, "origin" | "reload">} location
 * @property {typeof globalThis.fetch} fetch
 * @property {Clock} clock
 */

/**
 * @typedef {{getToken: (options?: {fresh?: boolean}) => Promise<string>}} TokenSource rejects when
 *   signed out, or when the server is out of reach
 */

const WORKER_URL = "/service_worker/sw.js";
const DRAIN_MS = 15_000;
const TOKEN_MS = 3_000;
/** Without a worker in this time the page sends by itself; one that comes later takes over. */
const REGISTER_MS = 10_000;

/** A photo in these states waits for the clinician, not for us. */
const AT_REST = new Set(["captured", "parked"]);

/**
 * @param {object} parts
 * @param {Queue} parts.queue
 * @param {TokenSource} parts.session
 * @param {Browser} [parts.browser]
 * @returns {WorkerBridge} already at work
 */
export function startWorker({ queue, session, browser = thisBrowser() }) {
  const bridge = new WorkerBridge(queue, session, browser);
  bridge.start();
  return bridge;
}

export class WorkerBridge {
  #queue;
  #session;
  #browser;
  /** @type {Promise<ServiceWorkerRegistration | null>} */
  #registration = Promise.resolve(null);
  /** @type {Set<() => void>} */
  #newVersion = new Set();
  #stopped = new AbortController();

  /**
   * @param {Queue} queue
   * @param {TokenSource} session
   * @param {Browser} browser
   */
  constructor(queue, session, browser) {
    this.#queue = queue;
    this.#session = session;
    this.#browser = browser;
  }

  start() {
    const { container, page, window, location } = this.#browser;
    const { signal } = this.#stopped;
    this.#registration = this.#registered();
    container?.addEventListener("message", (event) => this.#lend(event, location.origin), {
      signal,
    });
    container?.startMessages();
    const seen = () => page.visibilityState === "visible" && this.#sendNow();
    page.addEventListener("visibilitychange", seen, { signal });
    window.addEventListener("online", () => this.#sendNow(), { signal });
    const quiet = this.#queue.changes.listen((notice) => {
      if (notice.type === "changed" && notice.by === "page") void this.#registerSync();
    });
    signal.addEventListener("abort", quiet);
    this.#tickLater();
    void this.#sendNow();
  }

  stop() {
    this.#stopped.abort();
  }

  /**
   * Asks for a replay; every occasion is as good as any other.
   * @returns {Promise<void>} asked, not done
   */
  drain = async () => {
    void this.#registerSync();
    const registration = await this.#registration;
    if (registration?.active) registration.active.postMessage({ type: "drain" });
    else void this.#replayHere();
  };

  /** The user signed in: what waited for that goes on. */
  signedIn = () => this.#sendNow();

  /**
   * @param {() => void} callback called when a new version of the app is ready to take over
   * @returns {() => void} stops
   */
  onNewVersion = (callback) => {
    this.#newVersion.add(callback);
    void this.#registration.then((registration) => registration?.waiting && callback());
    return () => this.#newVersion.delete(callback);
  };

  /** Changes to the new version, as soon as nothing is being sent. */
  reload = async () => {
    const { container, location } = this.#browser;
    const waiting = (await this.#registration)?.waiting;
    if (!waiting) return location.reload();
    container?.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage({ type: "skip-waiting" });
  };

  async #sendNow() {
    // Where the storage fails the page reports it elsewhere; sending what can be read still helps.
    await this.#queue.retryNow().catch(() => undefined);
    await this.drain();
  }

  /** @returns {Promise<ServiceWorkerRegistration | null>} null where none is there in time */
  #registered() {
    const registered = this.#register();
    void registered.then((late) => late && (this.#registration = registered));
    return withLimit(registered, REGISTER_MS, "register", this.#browser.clock).catch(() => null);
  }

  /** @returns {Promise<ServiceWorkerRegistration | null>} null where workers are not to be had */
  async #register() {
    const { container } = this.#browser;
    try {
      const options = /** @type {const} */ ({ type: "module", scope: "/", updateViaCache: "none" });
      const registration = (await container?.register(trustedScript(WORKER_URL), options)) ?? null;
      registration?.addEventListener("updatefound", () => this.#follow(registration));
      return registration;
    } catch {
      return null;
    }
  }

  /** @param {ServiceWorkerRegistration} registration */
  #follow({ installing, active }) {
    // The very first worker replaces nothing: it is no new version.
    if (!installing || !active) return;
    installing.addEventListener("statechange", () => {
      if (installing.state === "installed") for (const callback of this.#newVersion) callback();
    });
  }

  async #registerSync() {
    const registration = /** @type {any} */ (await this.#registration);
    // Chromium only, and it may be switched off; every other occasion works without it.
    await registration?.sync?.register(SYNC_TAG).catch(() => undefined);
  }

  #tickLater() {
    const { signal } = this.#stopped;
    const cancel = this.#browser.clock.after(DRAIN_MS, async () => {
      if (await this.#anythingWaits().catch(() => false)) void this.drain();
      if (!signal.aborted) this.#tickLater();
    });
    signal.addEventListener("abort", cancel);
  }

  async #anythingWaits() {
    const owner = await this.#queue.owner();
    if (!owner || owner.signedOut) return false;
    const { photos } = await this.#queue.list(owner.id);
    return photos.some((photo) => !AT_REST.has(photo.state));
  }

  /**
   * @param {MessageEvent} event
   * @param {string} origin
   */
  async #lend(event, origin) {
    const message = messageOf(event, origin);
    if (message?.type !== "token-request") return;
    const token = await this.#token({ fresh: message.fresh });
    event.ports[0]?.postMessage({ type: "token-answer", token });
  }

  /**
   * @param {{fresh: boolean}} options
   * @returns {Promise<string | null>} null leaves it to the upload cookie
   */
  #token(options) {
    const token = this.#session.getToken(options);
    return withLimit(token, TOKEN_MS, "token", this.#browser.clock).catch(() => null);
  }

  async #replayHere() {
    const { locks, clock, fetch, page } = this.#browser;
    const token = (/** @type {{fresh: boolean}} */ options) => this.#token(options);
    await checkTimes(this.#queue.database, fetch, this.#stopped.signal).catch(() => undefined);
    await replay({
      queueStore: new QueueStore(this.#queue),
      network: new Uploader({ fetch, clock, credentials: { token } }),
      locks,
      clock,
      random: Math.random,
      visible: async () => page.visibilityState === "visible",
      signal: this.#stopped.signal,
    }).catch(() => "aborted");
  }
}

/** @returns {Browser} */
function thisBrowser() {
  return {
    container: navigator.serviceWorker,
    locks: navigator.locks,
    page: document,
    window,
    location,
    fetch: fetch.bind(window),
    clock: realClock,
  };
}
