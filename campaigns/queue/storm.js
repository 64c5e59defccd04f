/**
 * Many phones on the product's own core and backoff, in virtual time: each takes a photo a minute,
 * the server is down for a while, and every request is counted by its second.
 */

import { classify, failure } from "../../pwa/queue/errors.js";
import { PRODUCT } from "./product.js";
import { Random } from "./random.js";

/** @import { Product } from "./product.js" */

const SHOT_EVERY_MS = 60_000;
const PUT_MS = 3_000;
const API_MS = 300;

/**
 * @typedef {object} Scenario
 * @property {number} phones
 * @property {{from: number, to: number}} outage ms
 * @property {boolean} [announced] the server answers 503 and Retry-After; else no answer
 * @property {number} seed
 * @property {Product} [product]
 * @property {(random: Random) => number} [draw] what the phones take for a random number
 */

export class Storm {
  now = 0;
  /** Requests of phones that had failed before, by second. @type {number[]} */
  retries = [];
  /** All requests, by second. @type {number[]} */
  requests = [];
  mostAtOnce = 0;
  /** What is to come, by second. @type {[at: number, run: () => void][][]} */
  #agenda = [];
  /** @type {Phone[]} */
  #phones;

  /** @param {Scenario} scenario */
  constructor(scenario) {
    this.scenario = scenario;
    this.random = new Random(scenario.seed);
    this.#phones = Array.from({ length: scenario.phones }, () => new Phone(this));
  }

  /** @param {number} end ms */
  run(end) {
    for (let second = 0; second * 1_000 < end; second += 1) this.#second(second);
    const { from, to } = this.scenario.outage;
    return {
      steady: mean(this.requests.slice(60, from / 1_000)),
      retrying: most(this.retries.slice(from / 1_000)),
      draining: most(this.requests.slice(to / 1_000)),
      waiting: this.#phones.filter((phone) => phone.backlog > 2).length,
      mostAtOnce: this.mostAtOnce,
    };
  }

  /** @param {number} ms @param {() => void} run */
  after(ms, run) {
    const at = this.now + ms;
    (this.#agenda[Math.floor(at / 1_000)] ??= []).push([at, run]);
  }

  /** @param {boolean} failed */
  count(failed) {
    const second = Math.floor(this.now / 1_000);
    this.requests[second] = (this.requests[second] ?? 0) + 1;
    if (failed) this.retries[second] = (this.retries[second] ?? 0) + 1;
  }

  failure() {
    const { announced, outage } = this.scenario;
    const left = Math.ceil((outage.to - this.now) / 1_000) * 1_000;
    return announced ? classify(503, "unavailable", Math.max(0, left)) : failure("no-answer");
  }

  get down() {
    return this.now >= this.scenario.outage.from && this.now < this.scenario.outage.to;
  }

  /** @param {number} second */
  #second(second) {
    const due = (this.#agenda[second] ??= []);
    while (due.length > 0) {
      due.sort((a, b) => b[0] - a[0]);
      const [at, run] = /** @type {[number, () => void]} */ (due.pop());
      this.now = at;
      run();
    }
    delete this.#agenda[second];
  }
}

class Phone {
  #storm;
  #state;
  #made = 0;
  #puts = 0;
  #wakes = 0;
  /** @type {Map<string, any>} */
  #rows = new Map();

  /** @param {Storm} storm */
  constructor(storm) {
    this.#storm = storm;
    this.#state = PRODUCT.initialState(null, 0);
    storm.after(storm.random.next() * SHOT_EVERY_MS, () => this.#shoot());
  }

  get backlog() {
    return this.#rows.size;
  }

  #shoot() {
    const seq = (this.#made += 1);
    const shown = { state: "queued", reason: null, attempt: 0, equal: 0, sent: false };
    this.#rows.set(`p${seq}`, { ...shown, photoId: `p${seq}`, seq, action: "send", waitMs: 0 });
    this.#push({ type: "loaded", rows: [...this.#rows.values()] });
    this.#storm.after(SHOT_EVERY_MS * (0.5 + this.#storm.random.next()), () => this.#shoot());
  }

  /** @param {any} event */
  #push(event) {
    const { now, random, scenario } = this.#storm;
    const { product = PRODUCT, draw = (/** @type {Random} */ from) => from.next() } = scenario;
    const moment = { now, random: draw(random), visible: true };
    const { state, effects } = product.step(this.#state, { ...event, ...moment });
    this.#state = state;
    for (const effect of effects) this.#do(effect);
  }

  /** @param {any} effect */
  #do(effect) {
    const storm = this.#storm;
    if (effect.type === "wake") return this.#sleep(effect.inMs);
    if (effect.type === "settle") return storm.after(5, () => this.#settle(effect.photoId));
    if (!["presign", "put", "complete"].includes(effect.type)) return;
    storm.count(this.#state.failures > 0);
    if (effect.type === "put") this.#puts += 1;
    storm.mostAtOnce = Math.max(storm.mostAtOnce, this.#puts);
    const takes = effect.type === "put" ? PUT_MS : API_MS;
    const away = storm.down;
    const ms = (away ? 50 : takes) * (0.5 + storm.random.next());
    storm.after(ms, () => this.#answer(effect, ms, away || storm.down));
  }

  /** @param {number} ms */
  #sleep(ms) {
    const wake = (this.#wakes += 1);
    this.#storm.after(Math.max(1, ms), () => wake === this.#wakes && this.#push({ type: "tick" }));
  }

  /** @param {string} photoId */
  #settle(photoId) {
    this.#rows.delete(photoId);
    this.#push({ type: "settled", photoId, state: "stored" });
  }

  /** @param {any} effect @param {number} ms @param {boolean} away */
  #answer({ type, photoId, photoIds }, ms, away) {
    if (type === "put") {
      this.#puts -= 1;
      const outcome = { status: away ? 0 : 200, ms, retryAfterMs: null };
      return this.#push({ type: "put", photoId, outcome });
    }
    const failed = { ok: false, failure: this.#storm.failure() };
    if (type === "presign") {
      const upload = { url: "", method: "PUT", headers: {}, expiresIn: 300 };
      const signed = { ok: true, results: photoIds.map(() => ({ upload })) };
      const outcome = away ? failed : signed;
      return this.#push({ type: "presigned", photoIds, dropped: [], outcome });
    }
    const outcome = away ? failed : { ok: true, receipt: { photoId } };
    return this.#push({ type: "completed", photoId, outcome });
  }
}

/** A second without any has no number. @param {number[]} counts */
const most = (counts) => counts.reduce((found, n) => Math.max(found, n), 0);

/** @param {number[]} counts */
const mean = (counts) => counts.reduce((sum, n) => sum + n, 0) / counts.length;
