/**
 * Listens to the signed-in user's channel, through Ably or the built-in hub alike. This is the one
 * file that knows the client library; it reports notifications, and the page fetches for itself.
 */
import { BaseRealtime, FetchRequest, WebSocketTransport } from "../../vendor/ably.js";
import { realClock } from "../../shared/clock.js";
import { GRACE_MS } from "./refetch.js";

/** @typedef {import("./refetch.js").LinkStatus} LinkStatus */
/** @import { RealtimeConfig } from "../../shared/api-types.js" */
/** @typedef {{ t: string }} Signal names what changed, and contains nothing of it */
/**
 * @typedef {object} RealtimeParts
 * @property {RealtimeConfig} config
 * @property {() => Promise<{ token: string }>} fetchToken as `GET /api/realtime/token` gives it
 * @property {(signal: Signal | null) => void} onSignal null when signals may have been missed
 * @property {(status: LinkStatus, detail: { signIn: boolean }) => void} onStatus
 * @property {(message: string) => void} [log] takes the library's messages: a phone is often without a link
 * @property {import("../../shared/clock.js").Clock} [clock]
 * @property {EventTarget} [page]
 */
/** @typedef {ReturnType<typeof createRealtime>} Realtime */

const REBUILD_MS = 60_000;

/**
 * `start()` connects and never throws; `retry()` after a new sign-in or a tap; `stop()` for good.
 *
 * @param {RealtimeParts} parts
 */
export function createRealtime({
  config,
  fetchToken,
  onSignal,
  onStatus,
  log = (message) => console.warn(message),
  clock = realClock,
  page = globalThis,
}) {
  return new Link({ config, fetchToken, onSignal, onStatus, log, clock, page });
}

class Link {
  #parts;
  /** @type {BaseRealtime | null} */
  #client = null;
  /** @type {LinkStatus | null} */
  #status = null;
  #signIn = false;
  #reportedSignIn = false;
  #watching = false;
  /** @type {(() => void) | null} */
  #cancelGrace = null;
  #cancelRebuild = () => {};

  /** @param {Required<RealtimeParts>} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  start() {
    this.#watchPage();
    if (!this.#client) this.#open();
  }

  stop() {
    this.#close();
    this.#parts.page.removeEventListener("pagehide", this.#leave);
    this.#parts.page.removeEventListener("pageshow", this.#comeBack);
    this.#watching = false;
  }

  /** Connects again with a fresh token, unless it is live. */
  retry() {
    if (this.#status === "live") return;
    this.#close();
    this.start();
  }

  #open() {
    this.#signIn = false;
    this.#setReconnecting();
    const client = new BaseRealtime(this.#options());
    this.#client = client;
    const channel = client.channels.get(this.#parts.config.channel, { modes: ["SUBSCRIBE"] });
    const update = () => this.#client === client && this.#checkLink(client, channel);
    const deliver = (/** @type {Signal | null} */ signal) =>
      this.#client === client && this.#parts.onSignal(signal);
    client.connection.on(update);
    channel.on((change) => {
      update();
      if (change.current === "attached" && !change.resumed) deliver(null);
    });
    // Not awaited: while nothing can be reached this stays pending for two minutes.
    channel.subscribe((message) => deliver(message.data)).catch(() => undefined);
  }

  /** During an outage the channel still reports "attached": only both together are live. */
  #checkLink(/** @type {BaseRealtime} */ client, /** @type {{ state: string }} */ channel) {
    const failed = client.connection.state === "failed" || channel.state === "failed";
    if (failed) this.#giveUp(client.connection.errorReason?.statusCode === 403);
    else if (client.connection.state === "connected" && channel.state === "attached")
      this.#goLive();
    else this.#setReconnecting();
  }

  #goLive() {
    this.#clearTimers();
    this.#reportStatus("live");
  }

  #setReconnecting() {
    if (this.#cancelGrace || this.#status === "polling") return;
    this.#reportStatus("reconnecting");
    this.#cancelGrace = this.#parts.clock.after(GRACE_MS, () => {
      this.#cancelGrace = null;
      this.#reportStatus("polling");
    });
  }

  /** The library tries no more. Another tab may sign in again, so ask now and then. */
  #giveUp(/** @type {boolean} */ signIn) {
    this.#clearTimers();
    this.#signIn = signIn;
    this.#reportStatus("polling");
    this.#cancelRebuild = this.#parts.clock.after(REBUILD_MS, () => this.retry());
  }

  #reportStatus(/** @type {LinkStatus} */ status) {
    if (status === this.#status && this.#signIn === this.#reportedSignIn) return;
    this.#status = status;
    this.#reportedSignIn = this.#signIn;
    this.#parts.onStatus(status, { signIn: this.#signIn });
  }

  #close() {
    this.#clearTimers();
    const client = this.#client;
    this.#client = null;
    client?.connection.off();
    client?.close();
  }

  #clearTimers() {
    this.#cancelGrace?.();
    this.#cancelGrace = null;
    this.#cancelRebuild();
  }

  #watchPage() {
    if (this.#watching) return;
    this.#watching = true;
    this.#parts.page.addEventListener("pagehide", this.#leave);
    this.#parts.page.addEventListener("pageshow", this.#comeBack);
  }

  /** An open WebSocket would keep the page out of the back-forward cache. */
  #leave = () => {
    this.#close();
    this.#reportStatus("reconnecting");
  };

  #comeBack = (/** @type {Event} */ event) => {
    if (/** @type {PageTransitionEvent} */ (event).persisted) this.start();
  };

  /** @returns {import("ably").ClientOptions & { plugins: any }} */
  #options() {
    return {
      plugins: { WebSocketTransport, FetchRequest },
      authCallback: (_, answer) => void this.#answerWithToken(answer),
      // A "leave this page?" that was answered with no would leave the connection closed.
      closeOnUnload: false,
      disconnectedRetryTimeout: 3_000,
      suspendedRetryTimeout: 10_000,
      logLevel: 1,
      // Never an error to the page: whatever fails here, it fetches by itself.
      logHandler: this.#parts.log,
      ...serverOptions(this.#parts.config),
    };
  }

  /**
   * A status of 403 ends the client's attempts, anything else is tried again; a callback that
   * throws would hang.
   *
   * @param {(error: any, token: any) => void} answer
   */
  async #answerWithToken(answer) {
    try {
      const { token } = await this.#parts.fetchToken();
      answer(null, token);
    } catch (error) {
      answer(tokenError(error), null);
    }
  }
}

/** @param {unknown} error */
function tokenError(error) {
  const { name, status } = /** @type {{ name?: string, status?: number }} */ (error ?? {});
  const signedOut = name === "SignedOut" || status === 401 || status === 403;
  return { code: 40170, statusCode: signedOut ? 403 : 503, message: "no token for signals" };
}

/** Where to connect; with our own hub nothing may lead to other servers. @param {RealtimeConfig} config */
function serverOptions({ embedded, endpoint, port, tls }) {
  if (!embedded || !endpoint || !port) return endpoint ? { endpoint } : {};
  const host = endpoint.includes(":") && !endpoint.startsWith("[") ? `[${endpoint}]` : endpoint;
  return {
    endpoint: host,
    port,
    tlsPort: port,
    tls,
    disableConnectivityCheck: true,
    wsConnectivityCheckUrl: `${tls ? "wss" : "ws"}://${host}:${port}/`,
  };
}
