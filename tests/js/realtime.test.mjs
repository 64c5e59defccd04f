import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { WebSocket } from "ws";
import { HubProcess } from "./hub-process.mjs";
import { VirtualTime } from "./virtual-time.mjs";

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
const { createRealtime } = await import("../../pwa/page/realtime.js");

const hub = new HubProcess();
let config;
let page;
let link;

/** What a page was told, in order, with ways to wait for the next of it. */
class Told {
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

function open(told, { fetchToken = token, ...rest } = {}) {
  page = new EventTarget();
  link = createRealtime({ config, fetchToken, page, ...told, ...rest });
  link.start();
  return link;
}

const token = () => hub.ask({ token: "abc" });
const publish = (id, payload = { t: "photos.changed", rev: 1 }) =>
  hub.ask({ publish: "abc", id, payload });
const last = (list) => list.at(-1);
const signedOut = () => Object.assign(new Error("signed out"), { name: "SignedOut" });
const hosts = () => new Set(WatchedSocket.dialled.map(({ host }) => host));
const isLive = (told) => last(told.words) === "live";

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

  it("is live within a second, and says on the way that signals may have been missed", async () => {
    const told = new Told();
    open(told);

    const ms = await told.until(isLive);

    assert.ok(ms < 1_000, `${ms} ms`);
    assert.deepEqual(told.words, ["reconnecting", "live"]);
    await told.until(() => told.signals.length === 1);
    assert.deepEqual(told.signals, [null]);
  });

  it("hands on what the server publishes", async () => {
    const told = new Told();
    open(told);
    await told.until(isLive);

    await publish("one", { t: "photos.changed", consultation: "c", rev: 7 });

    await told.until(() => told.signals.length === 2);
    assert.deepEqual(last(told.signals), { t: "photos.changed", consultation: "c", rev: 7 });
  });

  it("says polling 3 s after the hub was killed, and live again when it is back", async () => {
    const told = new Told();
    open(told);
    await told.until(isLive);

    await hub.ask({ stop: true });
    await told.until(() => last(told.words) === "polling");
    await hub.ask({ start: true });
    const back = await told.until(isLive);
    await told.until(() => told.signals.length === 2);

    const [, , gone, polling] = told.statuses;
    assert.deepEqual(told.words, ["reconnecting", "live", "reconnecting", "polling", "live"]);
    assert.ok(Math.abs(polling.at - gone.at - 3_000) < 500, `${polling.at - gone.at} ms`);
    assert.ok(back < 5_000, `${back} ms`);
    assert.deepEqual(told.signals, [null, null]);
    assert.deepEqual(hosts(), new Set([`127.0.0.1:${config.port}`]));
  });

  it("asks again by itself a minute after it gave up, since another tab may have signed in", async () => {
    const told = new Told();
    const time = new VirtualTime();
    let asked = 0;
    const fetchToken = () => (asked++ ? token() : Promise.reject(signedOut()));
    open(told, { fetchToken, timers: time.timers });
    await told.until(() => last(told.statuses).signIn);

    await time.pass(59_000);
    assert.equal(asked, 1);
    await time.pass(1_000);

    await told.until(isLive);
  });

  it("gives up without a sign-in, says so, and is live after the next one", async () => {
    const told = new Told();
    let signedIn = false;
    const fetchToken = () => (signedIn ? token() : Promise.reject(signedOut()));
    open(told, { fetchToken });
    await told.until(() => last(told.statuses).signIn);

    signedIn = true;
    link.retry();

    assert.equal(last(told.words), "polling");
    await told.until(isLive);
    assert.equal(last(told.statuses).signIn, false);
  });

  it("keeps trying when the token cannot be fetched for now", async () => {
    const told = new Told();
    let failures = 1;
    const fetchToken = () =>
      failures-- > 0 ? Promise.reject(Object.assign(new Error(), { status: 503 })) : token();
    open(told, { fetchToken });

    await told.until(isLive);

    assert.ok(told.statuses.every(({ signIn }) => !signIn));
  });

  it("lets go when the page is hidden away, and is live again when it comes back", async () => {
    const told = new Told();
    open(told);
    await told.until(isLive);

    page.dispatchEvent(new Event("pagehide"));
    assert.equal(last(told.words), "reconnecting");
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));

    await told.until(isLive);
    await publish("after-return");
    await told.until(() => last(told.signals)?.t === "photos.changed");
  });

  it("is silent after it was stopped", async () => {
    const told = new Told();
    open(told);
    await told.until(isLive);
    const other = new Told();
    const known = told.signals.length;

    link.stop();
    open(other);
    await other.until(isLive);
    await publish("unheard");
    await other.until(() => last(other.signals)?.t === "photos.changed");

    assert.equal(told.signals.length, known);
    assert.equal(last(told.words), "live");
  });
});

describe("the page's link without a hub of its own", () => {
  for (const [endpoint, host] of [
    [null, "main.realtime.ably.net"],
    ["signals.clinic.example", "signals.clinic.example"],
  ]) {
    it(`goes to ${host}, over TLS`, async () => {
      WatchedSocket.dialled.length = 0;
      const told = new Told();
      config = { channel: "user:abc", endpoint, port: null, tls: true, embedded: false };
      const dialled = new Promise((done) => (WatchedSocket.dialled.push = done));

      open(told, { fetchToken: async () => ({ token: "a.b.c" }) });
      const url = await dialled;
      link.stop();

      delete WatchedSocket.dialled.push;
      assert.equal(url.protocol, "wss:");
      assert.equal(url.hostname, host);
    });
  }
});
