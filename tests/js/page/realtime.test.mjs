import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { WebSocket } from "ws";
import { HubProcess } from "./hub-process.mjs";
import { TestClock } from "../clock.mjs";

/** Remembers every address, and dials none beyond this machine. */
class WatchedSocket extends EventTarget {
  static dialled = [];

  constructor(url, ...rest) {
    super();
    WatchedSocket.dialled.push(new URL(url));
    if (new URL(url).hostname === "127.0.0.1") return new WebSocket(url, ...rest);
  }

  close() {}
}

globalThis.WebSocket = WatchedSocket;
const { createRealtime } = await import("../../../pwa/page/signals/realtime.js");

const hub = new HubProcess();
let config;
let page;
let link;

/** What a page received, in order, with ways to wait for the next of it. */
class Received {
  statuses = [];
  signals = [];
  #waiting = [];

  onStatus = (status, { signIn }) => {
    this.statuses.push({ status, signIn, at: performance.now() });
    this.#wake();
  };

  onSignal = (signal) => {
    this.signals.push(signal);
    this.#wake();
  };

  get words() {
    return this.statuses.map(({ status }) => status);
  }

  /** Resolves with the ms it took until `wanted` holds; fails after `ms`. */
  async until(wanted, ms = 15_000) {
    const begun = performance.now();
    const late = setTimeout(() => this.#wake(new Error(`not within ${ms} ms: ${this.words}`)), ms);
    while (!wanted(this)) {
      const problem = await new Promise((wake) => this.#waiting.push(wake));
      if (problem) throw problem;
    }
    clearTimeout(late);
    return performance.now() - begun;
  }

  #wake(problem) {
    this.#waiting.splice(0).forEach((wake) => wake(problem));
  }
}

function open(received, { fetchToken = token, ...rest } = {}) {
  page = new EventTarget();
  link = createRealtime({ config, fetchToken, page, ...received, ...rest });
  link.start();
  return link;
}

const token = () => hub.ask({ token: "abc" });
const publish = (id, payload = { t: "photos.changed", rev: 1 }) =>
  hub.ask({ publish: "abc", id, payload });
const last = (list) => list.at(-1);
const signedOut = () => Object.assign(new Error("signed out"), { name: "SignedOut" });
const hosts = () => new Set(WatchedSocket.dialled.map(({ host }) => host));
const isLive = (received) => last(received.words) === "live";

describe("the page's link to the hub", { concurrency: false }, () => {
  beforeEach(async () => {
    WatchedSocket.dialled.length = 0;
    config = await hub.start("abc");
  });
  afterEach(async () => {
    link.stop();
    await hub.ask({ stop: true });
  });
  after(() => hub.end());

  it("is live within a second, and reports on the way that signals may have been missed", async () => {
    const received = new Received();
    open(received);

    const ms = await received.until(isLive);

    assert.ok(ms < 1_000, `${ms} ms`);
    assert.deepEqual(received.words, ["reconnecting", "live"]);
    await received.until(() => received.signals.length === 1);
    assert.deepEqual(received.signals, [null]);
  });

  it("hands on what the server publishes", async () => {
    const received = new Received();
    open(received);
    await received.until(isLive);

    await publish("one", { t: "photos.changed", consultation: "c", rev: 7 });

    await received.until(() => received.signals.length === 2);
    assert.deepEqual(last(received.signals), { t: "photos.changed", consultation: "c", rev: 7 });
  });

  it("reports polling 3 s after the hub was killed, and live again when it is back", async () => {
    const received = new Received();
    open(received);
    await received.until(isLive);

    await hub.ask({ stop: true });
    await received.until(() => last(received.words) === "polling");
    await hub.ask({ start: true });
    const back = await received.until(isLive);
    await received.until(() => received.signals.length === 2);

    const [, , gone, polling] = received.statuses;
    assert.deepEqual(received.words, ["reconnecting", "live", "reconnecting", "polling", "live"]);
    assert.ok(Math.abs(polling.at - gone.at - 3_000) < 500, `${polling.at - gone.at} ms`);
    assert.ok(back < 5_000, `${back} ms`);
    assert.deepEqual(received.signals, [null, null]);
    assert.deepEqual(hosts(), new Set([`127.0.0.1:${config.port}`]));
  });

  it("asks again by itself a minute after it gave up, since another tab may have signed in", async () => {
    const received = new Received();
    const time = new TestClock();
    let asked = 0;
    const fetchToken = () => (asked++ ? token() : Promise.reject(signedOut()));
    open(received, { fetchToken, clock: time });
    await received.until(() => last(received.statuses).signIn);

    await time.pass(59_000);
    assert.equal(asked, 1);
    await time.pass(1_000);

    await received.until(isLive);
  });

  it("gives up without a sign-in, reports that, and is live after the next one", async () => {
    const received = new Received();
    let signedIn = false;
    const fetchToken = () => (signedIn ? token() : Promise.reject(signedOut()));
    open(received, { fetchToken });
    await received.until(() => last(received.statuses).signIn);

    signedIn = true;
    link.retry();

    assert.equal(last(received.words), "polling");
    await received.until(isLive);
    assert.equal(last(received.statuses).signIn, false);
  });

  it("keeps trying when the token cannot be fetched for now", async () => {
    const received = new Received();
    let failures = 1;
    const fetchToken = () =>
      failures-- > 0 ? Promise.reject(Object.assign(new Error(), { status: 503 })) : token();
    open(received, { fetchToken });

    await received.until(isLive);

    assert.ok(received.statuses.every(({ signIn }) => !signIn));
  });

  it("lets go when the page is hidden away, and is live again when it comes back", async () => {
    const received = new Received();
    open(received);
    await received.until(isLive);

    page.dispatchEvent(new Event("pagehide"));
    assert.equal(last(received.words), "reconnecting");
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));

    await received.until(isLive);
    await publish("after-return");
    await received.until(() => last(received.signals)?.t === "photos.changed");
  });

  it("is silent after it was stopped", async () => {
    const received = new Received();
    open(received);
    await received.until(isLive);
    const other = new Received();
    const known = received.signals.length;

    link.stop();
    open(other);
    await other.until(isLive);
    await publish("after-stop");
    await other.until(() => last(other.signals)?.t === "photos.changed");

    assert.equal(received.signals.length, known);
    assert.equal(last(received.words), "live");
  });
});

describe("the page's link without a hub of its own", () => {
  for (const [endpoint, host] of [
    [null, "main.realtime.ably.net"],
    ["signals.clinic.example", "signals.clinic.example"],
  ]) {
    it(`goes to ${host}, over TLS`, async () => {
      WatchedSocket.dialled.length = 0;
      const received = new Received();
      config = { channel: "user:abc", endpoint, port: null, tls: true, embedded: false };
      const dialled = new Promise((done) => (WatchedSocket.dialled.push = done));

      open(received, { fetchToken: async () => ({ token: "a.b.c" }) });
      const url = await dialled;
      link.stop();

      delete WatchedSocket.dialled.push;
      assert.equal(url.protocol, "wss:");
      assert.equal(url.hostname, host);
    });
  }
});
