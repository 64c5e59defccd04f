/**
 * One holder of the replay's lock around the pure core. Each request begins with a transaction,
 * travels and comes back in steps of its own, so that anything may happen in between.
 */

import { classify, failure } from "../../pwa/queue/errors.js";
import { outcomeOf } from "./network-faults.js";

/** @import { Answer, Request } from "./clinic.js" */
/** @import { World } from "./world.js" */

const LONGEST_PAUSE_MS = 30_000;
const LONGEST_MS = 30_000;

export class Run {
  /** Transactions, in the order in which they were asked for. @type {any[]} */
  writes = [];
  /** Requests that have left, and the reading of the photo that is next. @type {any[]} */
  ops = [];
  /** Receipts that are to be written together. @type {any[]} */
  #held = [];
  /** The photo that was read before its turn, as it was then. @type {any} */
  #ahead = null;
  /** @type {number | null} */
  wakeAt = null;
  over = false;
  frozen = false;
  #checked = false;
  #world;

  /** @param {World} world @param {string} owner */
  constructor(world, owner) {
    this.#world = world;
    this.owner = owner;
    world.disk.recover();
    this.state = world.product.initialState(world.disk.paused(), world.now);
    this.look();
  }

  /** The queue may have changed: it is read after what is being written. */
  look() {
    this.writes.push({ type: "look", at: this.#world.now });
  }

  /** @param {any} event */
  push(event) {
    if (this.over) return;
    const { product, now, random, visible } = this.#world;
    const moment = { now, random: random.next(), visible };
    const { state, effects } = product.step(this.state, { ...event, ...moment });
    this.state = state;
    if (event.type !== "loaded") this.#checked = false;
    for (const effect of effects) this.#perform(effect);
  }

  /** What was being written is written; what has left may still arrive. */
  end() {
    if (this.over) return;
    this.over = true;
    this.#writeHeld();
    for (const op of this.ops) if (op.phase === "out") this.#world.mayArriveLate(op.request);
    this.ops = [];
  }

  /** @returns {boolean} whether there was something to do */
  progress() {
    const { random } = this.#world;
    const begun = [...this.writes.slice(0, 1), ...this.ops, ...this.#held.slice(0, 1)];
    const next = random.pick(begun);
    if (!next) return this.over;
    if (next === this.writes[0]) this.#commit(this.writes.shift());
    else if (next === this.#held[0]) this.#writeHeld();
    else this.#goOn(next);
    return true;
  }

  /** @param {any} op */
  #goOn(op) {
    if (op.type === "ahead") this.#readAhead(op);
    else if (op.phase === "out") this.#travel(op);
    else this.#comeBack(op);
  }

  #writeHeld() {
    if (this.#held.length === 0) return;
    this.writes.push({ type: "settle", all: this.#held, at: this.#held[0].at });
    this.#held = [];
  }

  /** The process ends: of what was asked of the disk, a part was done. */
  kill() {
    const { random } = this.#world;
    if (random.chance(0.5)) this.#writeHeld();
    this.#held = [];
    const done = this.writes.splice(0, random.below(this.writes.length + 1));
    this.end();
    for (const effect of done) this.#commit(effect);
  }

  /** @param {any} effect */
  #perform(effect) {
    if (effect.type === "finish") return this.#finish(effect.outcome);
    if (effect.type === "wake") return this.#sleep(effect.inMs);
    if (effect.type === "put") this.#onlyPut();
    if (effect.type === "pause") this.#notTooLong(effect.pause);
    const asked = effect.type === "settle" ? this.#held : this.writes;
    asked.push({ ...effect, at: this.#world.now });
  }

  /** @param {string} outcome */
  #finish(outcome) {
    if (outcome !== "drained" || this.#checked) return this.end();
    this.#checked = true;
    this.look();
  }

  /** @param {number} ms */
  #sleep(ms) {
    if (ms > LONGEST_PAUSE_MS) return this.end();
    this.wakeAt = this.#world.now + Math.max(1, ms);
  }

  /** I10: while the page is visible no wait exceeds 30 s, unless a server asked for it. @param {any} pause */
  #notTooLong(pause) {
    const { visible, askedUntil, now, checker } = this.#world;
    const inMs = pause?.inMs ?? 0;
    if (visible && inMs > LONGEST_MS && now + inMs > askedUntil)
      checker.report("stuck", `waits ${Math.round(inMs)} ms`);
  }

  #onlyPut() {
    const under = [...this.writes, ...this.ops].some((op) => op.type === "put");
    if (under) this.#world.checker.broken("two PUTs at once");
  }

  /** @param {any} effect */
  #commit(effect) {
    const { disk } = this.#world;
    this.#world.prolonged(this.#world.now - effect.at);
    switch (effect.type) {
      case "look":
        return this.#loaded(disk);
      case "status":
        return disk.writeStatus(effect.updates);
      case "pause":
        return disk.setPause(effect.pause);
      case "settle":
        return this.#settle(effect);
      case "put":
        return this.#claim(effect);
      case "presign":
        return this.#sign(effect);
      default:
        return this.#ask(effect, disk.record(effect.photoId, this.owner));
    }
  }

  /** @param {import("./disk.js").Disk} disk */
  #loaded(disk) {
    if (disk.activeUser() !== this.owner) return this.end();
    this.push({ type: "loaded", rows: disk.load(this.owner) });
  }

  /** @param {any} effect complete or delete @param {any} record */
  #ask(effect, record) {
    if (this.over) return;
    if (record) this.#leave(effect, record);
    else this.push({ type: "gone", photoId: effect.photoId });
  }

  /** @param {any} effect */
  #sign(effect) {
    const { photoIds } = effect;
    const rows = this.#world.disk.markSigned(photoIds, this.owner);
    if (this.over) return;
    if (rows.length > 0) return this.#leave(effect, rows);
    const outcome = { ok: true, results: [] };
    this.push({ type: "presigned", photoIds: [], dropped: photoIds, outcome });
  }

  /** @param {any} effect */
  #claim(effect) {
    const claim = this.#claimed(effect);
    if (this.over) return;
    if (!claim.record) return this.push({ type: "put", photoId: effect.photoId, outcome: claim });
    this.#leave(effect, claim.record);
    this.ops = this.ops.filter((op) => op.type !== "ahead");
    if (effect.next) this.ops.push({ type: "ahead", photoId: effect.next });
  }

  /** With the bytes that were read before, if they are of this photo. @param {any} effect */
  #claimed({ photoId, updates }) {
    const { disk, product, overlap } = this.#world;
    const ahead = this.#ahead?.photoId === photoId ? this.#ahead : null;
    this.#ahead = null;
    const claim = disk.claim(photoId, this.owner, updates, ahead?.bytes);
    if (!ahead) return claim;
    overlap[claim.record ? "sent" : "refused"] += 1;
    return product.asksAtItsTurn ? claim : { record: ahead };
  }

  /** @param {any} op */
  #readAhead(op) {
    this.ops = this.ops.filter((other) => other !== op);
    const row = this.#world.disk.rows.get(op.photoId);
    this.#ahead = row ? { ...row } : null;
  }

  /** One transaction; each receipt has its own answer. @param {any} effect */
  #settle({ all }) {
    const { disk, checker } = this.#world;
    const answers = all.map((/** @type {any} */ { photoId, receipt }) => {
      const state = disk.settlePhoto(photoId, receipt);
      checker.settled(photoId, state);
      return { type: "settled", photoId, state };
    });
    for (const answer of answers) this.push(answer);
  }

  /** @param {any} effect @param {any} about the record, or the records of presign */
  #leave(effect, about) {
    const request = this.#world.request(effect, about);
    this.ops.push({ ...effect, phase: "out", about, request });
  }

  /** @param {any} op */
  #travel(op) {
    const world = this.#world;
    const outcome = outcomeOf(world.network, op.type, world.random);
    if (outcome.flipped) op.request.sha256 = "flipped";
    if (outcome.arrives === "later") world.mayArriveLate(op.request);
    const real = outcome.arrives === "now" ? world.clinic.handle(op.request, world.now) : null;
    op.answer = outcome.instead ?? { ...real, ours: op.type !== "put" };
    if (outcome.swapped) this.#swap(op);
    op.landed = real !== null && (real.status === 200 || real.status === 412);
    op.phase = "back";
  }

  /** The phone receives the receipt of another photo. @param {any} op */
  #swap(op) {
    const { clinic, checker, random } = this.#world;
    const other = random.pick([...clinic.rows.values()]);
    if (other.photoId === op.photoId) return;
    op.answer = { status: 200, ours: true, data: { ...other, state: "stored" } };
    checker.mixed.add(op.photoId);
    checker.blame(op.photoId);
  }

  /** @param {any} op */
  #comeBack(op) {
    const world = this.#world;
    this.ops = this.ops.filter((other) => other !== op);
    world.checker.answered(op);
    // What the store asked for counts from when its failure is understood.
    world.asked(op.answer.retryAfterMs);
    world.asked(this.state.tasks.get(op.photoId)?.retryAfterMs);
    if (op.type === "put") this.#putAnswered(op);
    else this.push({ ...whatCame(op), outcome: answerOf(op) });
  }

  /** @param {any} op */
  #putAnswered({ photoId, answer }) {
    const world = this.#world;
    const ms = 1 + world.random.next() * 20_000;
    world.now += ms / 20;
    const { status, retryAfterMs = null } = answer;
    // A redirect is an error to fetch, and so is what CORS hides.
    const seen = status === 302 ? 0 : status;
    const reason = REASONS[status] ?? null;
    this.push({ type: "put", photoId, outcome: { status: seen, ms, retryAfterMs, reason } });
  }
}

/** As the phone reads the answer of a store. @type {Record<number, string>} */
const REASONS = { 400: "store-400", 403: "store-403", 413: "size-refused" };

/** @param {any} op */
function whatCame({ type, photoId, photoIds, about }) {
  if (type !== "presign") return { type: type === "complete" ? "completed" : "deleted", photoId };
  const asked = about.map((/** @type {any} */ row) => row.photoId);
  const dropped = photoIds.filter((/** @type {string} */ id) => !asked.includes(id));
  return { type: "presigned", photoIds: asked, dropped };
}

/** @param {any} op */
function answerOf({ type, answer }) {
  const { status, ours, code = null, data, retryAfterMs } = answer;
  if (status === 0) return { ok: false, failure: failure("no-answer") };
  if (!ours) return { ok: false, failure: failure("not-ours") };
  if (type === "delete" && code === "photo-not-found") return { ok: true, receipt: null };
  if (status !== 200) return { ok: false, failure: classify(status, code, retryAfterMs) };
  if (type === "presign") return { ok: true, results: data.results.map(signedOf) };
  return { ok: true, receipt: data };
}

/** @param {any} item */
function signedOf({ upload, receipt, problem }) {
  if (upload) return { upload };
  return receipt ? { receipt } : { failure: classify(problem.status, problem.code) };
}
