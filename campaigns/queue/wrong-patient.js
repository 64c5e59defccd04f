/**
 * Wrong-patient schedules: a desktop that goes on to the next patient at every moment of the phone,
 * with the page's own parts and a link that answers, is slow or is away. The checker records whom a
 * photo shows and what the clinician was asked; it never asks the product.
 */

import { Capturing } from "../../pwa/capture/camera/capturing.js";
import { Choosing } from "../../pwa/capture/consultation/choosing.js";
import { Confirming } from "../../pwa/capture/consultation/confirming.js";
import { Placing } from "../../pwa/capture/consultation/placing.js";
import { openQuestion } from "../../pwa/capture/consultation/question.js";
import { Store, UNKNOWN } from "../../pwa/capture/store.js";
import { withPlace } from "../../pwa/queue/photo-record.js";
import { Random } from "./random.js";

/** @import { Asked } from "../../pwa/capture/consultation/question.js" */

// Node 20 has none; the shutter only asks it to vibrate.
globalThis.navigator ??= /** @type {any} */ ({});

const BEGAN = 1_800_000_000_000;
const FRESH_MS = 20_000;
const UNFILED = { id: "unfiled", label: "Unfiled", kind: "unfiled", openedAt: "" };

/** How often each operation occurs; every known way to a wrong patient is some order of them. */
const WEIGHTS = /** @type {[string, number][]} */ ([
  ["desktop", 4],
  ["close", 0.5],
  ["poll", 4],
  ["link", 2],
  ["pass", 4],
  ["open", 3],
  ["shoot", 6],
  ["wake", 1],
  ["leave", 2],
  ["review", 1],
  ["pick", 2],
  ["picked", 2],
  ["answer", 4],
  ["upload", 3],
]);

/** The product, or one with a known fault. */
export const PARTS = { Capturing, Choosing, Confirming, Placing };

/** @typedef {typeof PARTS} Parts */
/** @typedef {{verdict: string[], operations: number, photos: number, asked: number}} Schedule */

/** @param {number} seed @param {Parts} [parts] @returns {Promise<Schedule>} */
export async function playSchedule(seed, parts = PARTS) {
  const random = new Random(seed);
  const world = new World(random, parts);
  const operations = 30 + random.below(40);
  for (let i = 0; i < operations; i += 1) await world.apply(random.weighted(WEIGHTS));
  await world.apply("upload");
  const { crossed, photos, answers } = world;
  return { verdict: [...crossed], operations, photos: photos.size, asked: answers };
}

/** One desktop, one phone and the link between them. */
class World {
  now = 1_000;
  link = "good";
  answers = 0;
  /** Photos that reached another patient without a question. @type {Set<string>} */
  crossed = new Set();
  /** @type {Map<string, any>} whom each shows, and how sure the phone could be */
  photos = new Map();
  #answeredAt = -Infinity;
  #openedAt = -Infinity;
  #movedAt = -Infinity;
  #started = 0;
  /** Consultations that the phone has received. @type {Set<string>} */
  #received = new Set();
  #closed = false;
  /** @type {any} */
  #current = null;
  #picking = false;
  /** @type {{at: number, run: () => void}[]} */
  #timers = [];

  /** @param {Random} random @param {Parts} parts */
  constructor(random, parts) {
    this.random = random;
    this.store = new Store({ ...UNKNOWN, owner: { id: "anna", name: null }, linkUp: true });
    const clock = { now: () => this.now, after: this.#after };
    const ask = async (/** @type {Asked} */ question) => this.#answer(question);
    const queue = { place: async (...given) => this.#place(...given) };
    const nothing = async () => {};
    this.placing = new parts.Placing(this.store, queue, nothing, nothing, nothing, ask);
    this.confirming = new parts.Confirming(this.store, clock, () => BEGAN + this.now);
    this.confirming.askServer = () => this.#ask();
    const camera = { ready: true, grab: () => ({}), start: nothing, stop() {} };
    const shots = { full: false, add: (...given) => this.#add(...given) };
    const { store, placing, confirming } = this;
    this.capturing = new parts.Capturing(store, camera, shots, placing, confirming);
    const picked = { follow: nothing };
    const means = { capturing: this.capturing, confirming, placing, picked, shots, ask };
    this.choosing = new parts.Choosing(store, means);
    this.#desktop();
    this.#onServerUpdate(this.now);
  }

  /** @param {string} kind */
  async apply(kind) {
    const work = Promise.resolve(OPERATIONS[kind](this));
    // All waiting is done on this clock.
    for (let step = 0; step < 200 && !(await isDone(work)); step += 1) this.pass(500);
    this.capturing.tick();
  }

  /** @param {number} ms */
  pass(ms) {
    this.now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.now);
    this.#timers = this.#timers.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
  }

  /** The desktop goes on to a new patient. */
  desktop() {
    this.#desktop();
    // The phone learns of it at once, or with its timer.
    if (this.link === "good" && this.random.chance(0.5)) this.#onServerUpdate(this.now);
  }

  close() {
    if (!this.#current) return;
    this.#current = null;
    this.#closed = true;
  }

  poll() {
    if (this.link === "good") this.#onServerUpdate(this.now);
  }

  open() {
    if (this.store.state.flow.screen === "camera") return;
    this.#openedAt = this.now;
    this.capturing.open();
  }

  shoot() {
    if (this.store.state.flow.screen === "camera") this.capturing.shoot();
  }

  wake() {
    if (this.store.state.flow.screen === "camera") this.#openedAt = this.now;
    this.capturing.onVisible();
  }

  async pick() {
    if (this.store.state.flow.screen !== "home") return;
    this.#openedAt = this.now;
    this.#picking = await this.choosing.before();
  }

  async picked() {
    if (!this.#picking) return;
    this.#picking = false;
    await this.choosing.choose(/** @type {any} */ ([{ name: "a.jpg" }, { name: "b.jpg" }]));
  }

  async answer() {
    const question = openQuestion(this.store.state);
    if (question?.choices.length) await this.capturing.answer(this.#answer(question));
  }

  async upload() {
    const ids = this.#review().map(({ photoId }) => photoId);
    if (!ids.length || !(await this.choosing.beforeUpload(ids))) return;
    for (const photo of this.#review()) this.#checkLeaving(photo);
    this.#list((record) => ({ ...record, state: "queued" }));
    this.capturing.go({ type: "upload", photoIds: ids });
  }

  #review() {
    return this.store.state.listing.photos.filter(({ state }) => state === "captured");
  }

  /** @param {(record: any) => any} change */
  #list(change) {
    const { listing } = this.store.state;
    this.store.set({ listing: { ...listing, photos: listing.photos.map(change) } });
  }

  /** @param {string[]} ids @param {any} to */
  #place(ids, to) {
    const at = new Date(BEGAN + this.now).toISOString();
    this.#list((record) => (ids.includes(record.photoId) ? withPlace(record, to, at) : record));
  }

  /** What is photographed is the desktop's patient of this moment. @param {any} _source @param {any} frozen */
  async #add(_source, frozen) {
    const { known, listing } = this.store.state;
    const age = BEGAN + this.now - /** @type {any} */ (known).confirmedAt;
    const fact = { shows: this.#current?.id ?? null, movedAt: this.#movedAt, at: this.now };
    this.photos.set(frozen.photoId, { ...fact, sure: age < FRESH_MS, openedAt: this.#openedAt });
    const record = { ...frozen, state: "captured", everSigned: false, seq: this.photos.size };
    this.store.set({ listing: { ...listing, photos: [...listing.photos, record] } });
    return true;
  }

  /** Another patient's photo must not leave unasked since the desktop moved. @param {any} record */
  #checkLeaving({ photoId, consultationId, placed: answered }) {
    const { shows, movedAt, sure, openedAt } = this.photos.get(photoId);
    if ([shows, UNFILED.id].includes(consultationId) || !this.#couldKnow(shows)) return;
    if (answered || this.#answeredAt >= movedAt) return;
    // Away from the server a young confirmation must do, or the name that was tapped in this session.
    const away = this.link !== "good";
    if (away && (sure || this.#answeredAt >= openedAt)) return;
    this.crossed.add(photoId);
  }

  /** A patient who left before the phone could learn of them: the server's mark finds those photos. @param {string|null} shows */
  #couldKnow(shows) {
    return shows !== null && (this.#current?.id === shows || this.#received.has(shows));
  }

  /** The clinician gives some answer, and the checker records when. @param {Asked} question */
  #answer({ choices }) {
    this.answers += 1;
    this.#answeredAt = this.now;
    return this.random.pick(choices.filter(({ value }) => !EXTRA.has(value))).value;
  }

  #desktop() {
    this.#started += 1;
    this.#movedAt = this.now;
    this.#closed = false;
    const openedAt = new Date(BEGAN + this.now).toISOString();
    // One label for all: nothing may depend on it.
    this.#current = { id: `consultation-${this.#started}`, label: "Room", kind: "visit", openedAt };
  }

  /** @returns {Promise<boolean>} */
  #ask() {
    if (this.link === "away") return Promise.resolve(false);
    const asked = this.now;
    if (this.link === "good") return Promise.resolve((this.#onServerUpdate(asked), true));
    // A slow answer may have been given before the desktop moved.
    const [current, closed] = [this.#current, this.#closed];
    return new Promise((resolve) =>
      this.#after(500 + this.random.below(4_000), () => {
        this.#onServerUpdate(asked, current, closed);
        resolve(true);
      }),
    );
  }

  /** @param {number} asked */
  #onServerUpdate(asked, current = this.#current, closed = this.#closed) {
    const { cameraSession } = this.store.state;
    if (current) this.#received.add(current.id);
    const isClosed = closed && !current ? (cameraSession?.consultation.id ?? null) : null;
    const moment = { confirmedAt: BEGAN + asked, heardAt: asked };
    this.capturing.onServerUpdate({ current, unfiled: UNFILED, ...moment, closed: isClosed });
  }

  /** @param {number} ms @param {() => void} run */
  #after = (ms, run) => {
    const timer = { at: this.now + ms, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  };
}

const EXTRA = new Set(["reopen", "one-by-one"]);

/** @type {Record<string, (world: World) => unknown>} */
const OPERATIONS = {
  desktop: (world) => world.desktop(),
  close: (world) => world.close(),
  poll: (world) => world.poll(),
  link: (world) => void (world.link = world.random.pick(["good", "good", "slow", "away"])),
  pass: (world) => world.pass(world.random.pick([1_000, 5_000, 15_000, 60_000, 1_200_000])),
  open: (world) => world.open(),
  shoot: (world) => world.shoot(),
  wake: (world) => world.wake(),
  leave: (world) => world.capturing.close(),
  review: (world) => world.capturing.go({ type: "review" }),
  pick: (world) => world.pick(),
  picked: (world) => world.picked(),
  answer: (world) => world.answer(),
  upload: (world) => world.upload(),
};

/** @param {Promise<unknown>} work whether it is over once every promise that waits for no clock is */
async function isDone(work) {
  let done = false;
  void work.then(() => (done = true));
  for (let i = 0; i < 40; i += 1) await null;
  return done;
}

/** Builds with a known fault, each of which the checker must report. @type {Record<string, Parts>} */
export const FAULTY = {
  "chooses without asking": {
    ...PARTS,
    Choosing: class extends Choosing {
      before = async () => true;
      beforeUpload = async () => true;
    },
  },
  "frees the shutter before the answer": {
    ...PARTS,
    Confirming: class extends Confirming {
      confirm = async () => {};
      answered = async () => true;
    },
  },
  "switches without asking about the photos": {
    ...PARTS,
    Placing: class extends Placing {
      askAll = async () => true;
    },
  },
};
