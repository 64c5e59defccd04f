/**
 * What the queue's tests share: a phone with its own database, time and locks owned by the test, a
 * transport that hands requests over one by one, and a server that keeps its own truth.
 */
import "fake-indexeddb/auto";
import { createHash } from "node:crypto";

import { TestClock } from "../clock.mjs";
import { QueueStore } from "../../../pwa/queue/replay/queue-store.js";
import { newPhotoId } from "../../../pwa/queue/photo-record.js";
import { openQueue } from "../../../pwa/queue/queue.js";
import { replay } from "../../../pwa/queue/replay/replay.js";
import { Uploader } from "../../../pwa/queue/replay/uploader.js";

export const CONSULTATION = "0198b1c2-0000-7000-8000-00000000000c";

let phones = 0;

/** How long a state may take to come before the test says that it never did: no measure of speed. */
const WAIT_LIMIT_MS = 30_000;

/** Waits for a state, one turn of the event loop after the other; never for a time. */
export async function until(condition, what = condition.toString()) {
  const end = performance.now() + WAIT_LIMIT_MS;
  while (performance.now() < end) {
    const value = await condition();
    if (value) return value;
    await new Promise(setImmediate);
  }
  throw new Error(`never came: ${what}`);
}

/** Web Locks of one origin: exclusive, first come first served, with ifAvailable, steal and signal. */
export class TestLocks {
  held = null;
  #waiting = [];
  concurrency = 0;

  request = (name, ...rest) => {
    const [options, callback] = rest.length === 2 ? rest : [{}, rest[0]];
    if (options.signal?.aborted) return Promise.reject(abortError());
    if (options.steal && this.held) this.#steal();
    if (!this.held) return this.#grant(name, callback);
    if (options.ifAvailable) return Promise.resolve(callback(null));
    return new Promise((resolve, reject) => {
      const entry = () => this.#grant(name, callback).then(resolve, reject);
      this.#waiting.push(entry);
      options.signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        reject(abortError());
      });
    });
  };

  /** As when the browser ends the worker that holds it. */
  drop() {
    this.held = null;
    this.#waiting.shift()?.();
  }

  #steal() {
    const stolen = this.held;
    this.held = null;
    stolen.reject(abortError());
  }

  #grant(name, callback) {
    const lock = { name };
    this.held = lock;
    const work = Promise.resolve().then(() => callback({ name, mode: "exclusive" }));
    const ended = new Promise((resolve, reject) => {
      lock.reject = reject;
      work.then(resolve, reject);
    });
    const release = () => {
      if (this.held !== lock) return;
      this.drop();
    };
    work.then(release, release);
    return ended;
  }
}

const abortError = () => new DOMException("taken away", "AbortError");

/** Requests are handed to the test one by one; nothing is answered that the test did not answer. */
export class ScriptedNetwork {
  waiting = [];
  log = [];
  putsAtOnce = 0;
  mostPutsAtOnce = 0;

  fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const request = new ScriptedRequest(this, url, init, resolve, reject);
      init.signal?.addEventListener("abort", () =>
        request.settle(() => reject(init.signal.reason)),
      );
      if (init.signal?.aborted) return request.settle(() => reject(init.signal.reason));
      this.waiting.push(request);
      this.log.push(request.what);
    });

  /** The next request of this kind, as soon as it is made. */
  async next(what) {
    const found = () => this.waiting.find((request) => request.what === what);
    const request = await until(found, `${what}; waiting: ${this.waiting.map((r) => r.what)}`);
    this.waiting = this.waiting.filter((other) => other !== request);
    return request;
  }

  count(what) {
    return this.log.filter((logged) => logged === what).length;
  }
}

class ScriptedRequest {
  #done = false;

  constructor(network, url, init, resolve, reject) {
    Object.assign(this, { network, url: String(url), init, resolve, reject });
    this.what = kindOf(init.method, this.url);
    this.photoId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(this.url.replace(CONSULTATION, ""))?.[0];
    this.body = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    if (this.what === "put") network.putsAtOnce += 1;
    network.mostPutsAtOnce = Math.max(network.mostPutsAtOnce, network.putsAtOnce);
  }

  settle(answer) {
    if (this.#done) return;
    this.#done = true;
    this.network.waiting = this.network.waiting.filter((other) => other !== this);
    if (this.what === "put") this.network.putsAtOnce -= 1;
    answer();
  }

  respond(status, body = null, headers = {}) {
    const ours = this.what === "put" ? {} : { "X-CP-Server": "capture/1" };
    const text = body === null ? null : JSON.stringify(body);
    const response = new Response(text, { status, headers: { ...ours, ...headers } });
    this.settle(() => this.resolve(response));
  }

  raw(response) {
    this.settle(() => this.resolve(response));
  }

  fail() {
    this.settle(() => this.reject(new TypeError("Failed to fetch")));
  }

  problem(status, code, headers) {
    this.respond(status, { type: "about:blank", title: "", status, code, detail: "" }, headers);
  }

  /** Every photo asked for gets a URL. */
  sign() {
    this.respond(200, { results: this.body.photos.map(signed) });
  }

  /** The receipt of exactly what was claimed. */
  receipt(change = {}) {
    this.respond(200, receiptFor(this.photoId, this.body ?? {}, change));
  }
}

export const signed = ({ photoId }) => ({
  photoId,
  upload: {
    url: `https://store.test/clinicpro/consultations/${CONSULTATION}/${photoId}.jpg?X-Amz-Signature=s`,
    method: "PUT",
    headers: { "content-type": "image/jpeg", "if-none-match": "*" },
    expiresIn: 300,
  },
});

export const receiptFor = (photoId, claim, change = {}) => ({
  photoId,
  state: "stored",
  owner: claim.owner,
  consultationId: claim.consultationId,
  filedIn: claim.consultationId,
  sha256: claim.sha256,
  receivedAt: "2026-11-22T10:41:05.000Z",
  late: false,
  ...change,
});

function kindOf(method, url) {
  if (url.endsWith("/presign")) return "presign";
  if (url.endsWith("/complete")) return "complete";
  if (url.endsWith("/captures")) return "inventory";
  return method === "DELETE" ? "delete" : method.toLowerCase();
}

export const sha256 = (bytes) => createHash("sha256").update(new Uint8Array(bytes)).digest("hex");

export const capture = (change = {}) => ({
  photoId: newPhotoId(),
  owner: "anna",
  consultationId: CONSULTATION,
  consultationLabel: "Left knee",
  capturedAt: "2026-11-22T10:41:00.123Z",
  contentType: "image/jpeg",
  bytes: crypto.getRandomValues(new Uint8Array(64)).buffer,
  width: 800,
  height: 600,
  ...change,
});

/** A phone: one database, its locks, its clock. More than one replay may run on it. */
export async function openPhone(t, { name = `phone-${(phones += 1)}`, clock, locks } = {}) {
  const phone = new Phone(name, clock ?? new TestClock(), locks ?? new TestLocks());
  await phone.open();
  t.after(() => phone.close());
  return phone;
}

class Phone {
  net = new ScriptedNetwork();
  token = "token-1";
  visible = true;
  random = 0.5;
  #controller = new AbortController();
  #underWay = 0;

  constructor(name, clock, locks) {
    Object.assign(this, { name, clock, locks });
  }

  async open() {
    this.queue = await openQueue({ name: this.name, wall: this.clock.wall });
    this.queueStore = new QueueStore(this.queue, this.clock.wall);
    if ((await this.queue.owner()) === null)
      await this.queue.setOwner({ id: "anna", name: "Anna" });
  }

  async close() {
    this.#controller.abort();
    await this.queue.close();
  }

  /** Takes photos and sends them on their way. */
  async take(count, change = {}) {
    const records = [];
    for (let i = 0; i < count; i += 1) records.push(await this.queue.add(capture(change)));
    await this.queue.approve(records.map((record) => record.photoId));
    return records;
  }

  async list(owner = "anna") {
    return (await this.queue.list(owner)).photos;
  }

  async states(owner) {
    return (await this.list(owner)).map((photo) => photo.state);
  }

  replay(options = {}) {
    const network = new Uploader({
      fetch: this.net.fetch,
      clock: this.clock,
      credentials: { token: async () => this.token },
    });
    return replay({
      queueStore: this.#counted(this.queueStore),
      network: this.#counted(network),
      locks: this.locks,
      clock: this.clock,
      random: () => this.random,
      visible: async () => this.visible,
      signal: this.#controller.signal,
      ...options,
    });
  }

  /**
   * Lets time pass as soon as the replay only waits for it. While it works the clock stands: what a busy
   * machine takes for a digest or a write would else count against the limits and the budget.
   */
  async pass(ms) {
    await this.#rest();
    this.clock.advance(ms);
  }

  /** Lets as much time pass, timer by timer, as this takes; it is asked whenever the replay rests. */
  async passUntil(done) {
    await until(async () => {
      await this.#rest();
      if (await done()) return true;
      if (Number.isFinite(this.clock.next)) this.clock.advance(this.clock.next - this.clock.time);
      return false;
    }, done.toString());
  }

  async #rest() {
    await new Promise(setImmediate);
    await until(() => this.#underWay === 0, "rest");
  }

  /** The same part; what it is at work on is known to `pass`. */
  #counted(part) {
    const call = (method, args) => {
      const answer = method.apply(part, args);
      if (!(answer instanceof Promise)) return answer;
      this.#underWay += 1;
      return answer.finally(() => (this.#underWay -= 1));
    };
    const get = (_, name) =>
      typeof part[name] === "function" ? (...args) => call(part[name], args) : part[name];
    return new Proxy(part, { get });
  }

  /** Answers everything well until the replay ends. */
  async serve(running, answers = {}) {
    let over = false;
    const ended = running.finally(() => (over = true));
    ended.catch(() => undefined);
    while (!over) {
      const request = this.net.waiting.shift();
      if (request) (answers[request.what] ?? WELL[request.what])(request);
      await new Promise(setImmediate);
    }
    return ended;
  }
}

export const WELL = {
  presign: (request) => request.sign(),
  put: (request) => request.respond(200),
  complete: (request) => request.receipt(),
  inventory: (request) => request.respond(200, { missing: 0 }),
};
