/**
 * A small world around the pure core: a clinician, a phone that can be killed, a link with faults, a
 * server. The world keeps its own history and checks it; one seed gives one history.
 */
import { initialState } from "../../../pwa/queue/replay/reducer.js";
import { classify, mayBeOver } from "../../../pwa/queue/errors.js";

const FAULTS = [
  ...["good", "good", "down", "portal", "store-down", "flaky", "signed-out"],
  // What is refused to every photo: by the store, by a limit on the way, by the server.
  ...["store-refuses", "store-refuses", "server-refuses"],
];
const FOR_ALL = new Set(["store-refuses", "server-refuses"]);
/** A photo parked under a fault is tried again within this, without help. */
const PARKED_MS = 300_000;

/** mulberry32: small, fast, the same everywhere. */
function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class World {
  now = 0;
  phone = new Map();
  taken = new Map();
  deleted = new Set();
  poisoned = new Set();
  /** Refused by themselves, while others were not, or in an outage before this one. */
  singled = new Set();
  refusedNow = new Set();
  /** What had been parked when a refusal of all began. */
  parkedBefore = new Set();
  server = new Map();
  objects = new Map();
  ops = [];
  fault = "good";
  wakeAt = null;
  pause = null;
  running = false;

  constructor(seed, step) {
    this.random = randomFrom(seed);
    this.step = step;
  }

  chance(p) {
    return this.random() < p;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  /** One turn of this world, whatever it brings. */
  turn() {
    const roll = this.random();
    if (roll < 0.05) this.setFault(this.pick(FAULTS));
    else if (roll < 0.1) this.take();
    else if (roll < 0.12) this.kill();
    else if (roll < 0.15) this.remove();
    else if (roll < 0.17) this.retry();
    else if (roll < 0.2) this.push({ type: "hurry" });
    else if (roll < 0.3) this.pass(this.random() * 20_000);
    else this.progress();
    this.check();
  }

  setFault(fault) {
    this.fault = fault;
    for (const photoId of this.refusedNow) this.singled.add(photoId);
    this.refusedNow = new Set();
    const parked = [...this.phone.values()].filter((row) => row.state === "parked");
    this.parkedBefore = new Set(parked.map((row) => row.photoId));
  }

  take() {
    const seq = this.taken.size + 1;
    const photo = { photoId: `p${seq}`, seq, sha256: `h${seq}`, owner: "anna" };
    photo.consultationId = this.pick(["left", "right"]);
    this.taken.set(photo.photoId, photo);
    if (this.chance(0.1)) this.poisoned.add(photo.photoId);
    const fresh = { state: "queued", reason: null, attempt: 0, equal: 0, sent: false, at: null };
    this.phone.set(photo.photoId, { ...photo, ...fresh, everSigned: false });
    this.look();
  }

  remove() {
    const row = this.pick([...this.phone.values(), undefined]);
    if (!row || ["sending", "confirming", "deleting"].includes(row.state)) return;
    this.deleted.add(row.photoId);
    if (row.everSigned) Object.assign(row, { state: "deleting", attempt: 0, equal: 0, at: null });
    else this.phone.delete(row.photoId);
    this.look();
  }

  retry() {
    for (const row of this.phone.values()) {
      if (row.state !== "parked" && row.state !== "waiting") continue;
      Object.assign(row, { state: "queued", reason: null, attempt: 0, equal: 0, at: null });
    }
    this.look();
  }

  /** The browser ends. A request that has left may still reach the server. */
  kill() {
    for (const op of this.ops) if (op.phase === "travel" && this.chance(0.5)) this.arrive(op);
    this.ops = [];
    this.running = false;
    this.wakeAt = null;
  }

  start() {
    this.running = true;
    for (const row of this.phone.values()) {
      if (row.state !== "sending" && row.state !== "confirming") continue;
      Object.assign(row, { sent: row.sent || row.state === "confirming", state: "queued" });
    }
    const inMs = this.pause ? Math.max(0, this.pause.at - this.now) : 0;
    this.core = initialState(this.pause ? { ...this.pause, inMs } : null, this.now);
    this.look();
  }

  look() {
    if (!this.running) return;
    const rows = [...this.phone.values()].filter(mayLeave);
    const action = (row) => (row.state === "deleting" ? "delete" : "send");
    const wait = (row) => Math.max(0, (row.at ?? 0) - this.now);
    this.push({
      type: "loaded",
      rows: rows.map((row) => ({ ...row, action: action(row), waitMs: wait(row), proven: true })),
    });
  }

  push(event) {
    if (!this.running) return;
    const moment = { now: this.now, random: this.random(), visible: this.chance(0.5) };
    const { state, effects } = this.step(this.core, { ...event, ...moment });
    this.core = state;
    for (const effect of effects) this.perform(effect);
  }

  perform(effect) {
    if (effect.type === "finish") this.running = false;
    else if (effect.type === "wake") this.wakeAt = this.now + Math.max(1, effect.inMs);
    else if (effect.type === "status") this.writeStatus(effect.updates);
    else if (effect.type === "pause") this.pause = dated(effect.pause, this.now);
    else this.ops.push({ ...effect, phase: "begin" });
    const puts = this.ops.filter((op) => op.type === "put");
    if (puts.length > 1) throw new Error("two PUTs at once");
  }

  writeStatus(updates) {
    for (const { inMs, ...status } of updates) {
      const row = this.phone.get(status.photoId);
      if (!row || (row.state === "deleting" && status.state !== "deleting")) continue;
      Object.assign(row, status, { at: inMs === null ? null : this.now + inMs });
    }
  }

  pass(ms) {
    this.now += ms;
    if (this.wakeAt === null || this.wakeAt > this.now) return;
    this.wakeAt = null;
    this.push({ type: "tick" });
  }

  progress() {
    if (!this.running) return this.start();
    const op = this.pick(this.ops);
    if (!op) return this.pass(Math.max(1, (this.wakeAt ?? this.now) - this.now));
    if (op.phase === "begin") return this.begin(op);
    this.ops = this.ops.filter((other) => other !== op);
    if (op.phase === "travel") this.push(this.lost(op) ?? this.arrive(op));
  }

  /** The phone's own part of an operation, before anything leaves. */
  begin(op) {
    op.phase = "travel";
    const sendable = (row) => row && row.state !== "deleting" && mayLeave(row);
    if (op.type === "presign") {
      op.rows = op.photoIds.map((id) => this.phone.get(id)).filter(sendable);
      for (const row of op.rows) row.everSigned = true;
    }
    if (op.type === "put") {
      this.writeStatus(op.updates);
      op.row = this.phone.get(op.photoId);
      if (sendable(op.row)) op.row.state = "sending";
      else op.refused = true;
    }
  }

  /** What the fault makes of a request: nothing, a false answer, or one that hides what happened. */
  lost(op) {
    if (!this.meets(op)) return null;
    if (FOR_ALL.has(this.fault)) return this.refusal(op);
    if (!this.chance(LOSS_RATE[this.fault])) return null;
    // The request may arrive all the same, and only its answer be lost.
    if (this.fault === "flaky" && this.chance(0.5)) this.arrive(op);
    return this.answerOf(op, this.noAnswer(op));
  }

  /** Whether a request meets the fault of this time at all. */
  meets(op) {
    if (op.type === "settle" || op.refused) return false;
    if (this.fault === "store-down") return op.type === "put";
    return this.fault !== "signed-out" || op.type !== "put";
  }

  noAnswer(op) {
    if (op.type === "put") return { status: this.fault === "portal" ? 200 : 0 };
    const signIn = { concerns: "person", action: "sign-in", reason: "unauthenticated" };
    const link = { concerns: "link", action: "wait", reason: "no-answer" };
    const why = this.fault === "signed-out" ? signIn : link;
    return { ok: false, failure: { ...why, retryAfterMs: null } };
  }

  /** Refused as every photo is at this time. */
  refusal(op) {
    if (op.type !== (this.fault === "store-refuses" ? "put" : "presign")) return null;
    for (const photoId of op.photoIds ?? [op.photoId]) this.refusedNow.add(photoId);
    if (op.type === "put") return this.answerOf(op, this.pick(STORE_SAYS));
    const why = { failure: classify(400, "invalid-field") };
    return this.answerOf(op, { ok: true, results: op.rows.map(() => why) });
  }

  answerOf(op, outcome) {
    if (op.type === "presign") {
      const photoIds = op.rows.map((row) => row.photoId);
      const dropped = op.photoIds.filter((id) => !photoIds.includes(id));
      return { type: "presigned", photoIds, dropped, outcome };
    }
    if (op.type === "put")
      outcome = { ms: 1 + this.random() * 20_000, retryAfterMs: null, ...outcome };
    return {
      type: { put: "put", complete: "completed", delete: "deleted" }[op.type],
      photoId: op.photoId,
      outcome,
    };
  }

  /** The server, or the phone's own database, does what was asked. */
  arrive(op) {
    if (op.type === "settle") return this.settle(op);
    if (op.refused) return { type: "put", photoId: op.photoId, outcome: { refused: "changed" } };
    return this.answerOf(op, this[op.type](op));
  }

  presign(op) {
    return { ok: true, results: op.rows.map((row) => this.signOne(row)) };
  }

  signOne({ photoId, sha256, owner, consultationId }) {
    const row = this.server.get(photoId) ?? {
      photoId,
      sha256,
      owner,
      consultationId,
      state: "pending",
    };
    this.server.set(photoId, row);
    if (row.state !== "pending") return { receipt: { ...row } };
    return { upload: { url: photoId, method: "PUT", headers: {}, expiresIn: 300 } };
  }

  put(op) {
    if (this.objects.has(op.photoId)) return { status: 412 };
    if (this.fault !== "good" && this.chance(0.2)) {
      this.singled.add(op.photoId);
      return { status: 403 };
    }
    if (this.server.get(op.photoId)?.state !== "deleted")
      this.objects.set(op.photoId, op.row.sha256);
    return { status: 200 };
  }

  complete(op) {
    const row = this.server.get(op.photoId);
    if (!row) return refused("send-again", "photo-not-found");
    if (row.state === "deleted") return { ok: true, receipt: { ...row } };
    if (!this.objects.has(op.photoId)) return refused("send-again", "not-uploaded");
    if (this.poisoned.has(op.photoId)) return refused("park", "invalid-image");
    row.state = "stored";
    return { ok: true, receipt: { ...row } };
  }

  delete(op) {
    const row = this.server.get(op.photoId);
    if (!row) return { ok: true, receipt: null };
    row.state = "deleted";
    this.objects.delete(op.photoId);
    return { ok: true, receipt: { ...row } };
  }

  settle({ photoId, receipt }) {
    const row = this.phone.get(photoId);
    const settled = (state) => ({ type: "settled", photoId, state });
    if (!row) return settled("missing");
    const state = receipt?.state ?? "deleted";
    if (row.state === "deleting" && state !== "deleted") return settled("not-deleted");
    if (row.state !== "deleting" && !isOf(receipt, row)) return settled("mismatch");
    this.phone.delete(photoId);
    return settled(state);
  }

  stored({ photoId, sha256 }) {
    return this.server.get(photoId)?.state === "stored" && this.objects.get(photoId) === sha256;
  }

  /** I1 and I4, at every instant, from the world's own history. */
  check() {
    for (const photo of this.taken.values()) {
      const { photoId } = photo;
      if (this.deleted.has(photoId)) continue;
      if (!this.phone.has(photoId) && !this.stored(photo)) throw new Error(`lost: ${photoId}`);
      const row = this.server.get(photoId);
      if (row && !isFiledFor(photo, row)) throw new Error(`misfiled: ${photoId}`);
      if (!this.poisoned.has(photoId)) this.checkParked(this.phone.get(photoId));
    }
  }

  checkParked(row) {
    if (row?.state !== "parked") return;
    const { photoId, reason } = row;
    if (!mayBeOver(reason)) throw new Error(`parked for the link's sake: ${photoId}`);
    if (this.blamedForAll(photoId)) throw new Error(`parked with all: ${photoId}`);
  }

  /** It was parked while all were refused, and none of its own faults was seen before. */
  blamedForAll(photoId) {
    const seen = this.parkedBefore.has(photoId) || this.singled.has(photoId);
    return FOR_ALL.has(this.fault) && !seen && this.phone.get(photoId).reason !== "not-stored";
  }

  /** No fault and no help until nothing moves; then every photo must be where it belongs. */
  settleDown() {
    this.setFault("good");
    for (let turn = 0; turn < 5_000; turn += 1) {
      const left = [...this.phone.values()].filter(mayLeave);
      if (!this.running && left.length === 0) break;
      if (!this.running && left.every((row) => row.state === "parked")) this.pass(PARKED_MS);
      this.progress();
      this.check();
    }
    for (const photo of this.taken.values()) this.checkAtRest(photo);
  }

  checkAtRest(photo) {
    const { photoId } = photo;
    const here = this.phone.get(photoId);
    if (this.deleted.has(photoId)) this.checkDeletion(photoId, here);
    else if (this.poisoned.has(photoId)) {
      if (here?.state !== "parked") throw new Error(`not parked: ${photoId}`);
    } else if (here || !this.stored(photo)) throw new Error(`stuck or doubled: ${photoId}`);
  }

  checkDeletion(photoId, here) {
    if (here || this.server.get(photoId)?.state === "stored") throw new Error(`back: ${photoId}`);
  }
}

/** What each fault loses of the requests that meet it. */
const LOSS_RATE = { good: 0, flaky: 0.4, down: 1, portal: 1, "store-down": 1, "signed-out": 1 };

const isFiledFor = ({ owner, consultationId }, row) =>
  row.owner === owner && row.consultationId === consultationId;

const isOf = (receipt, { photoId, sha256 }) =>
  receipt?.photoId === photoId && receipt.sha256 === sha256;

const mayLeave = (row) => row.state !== "parked" || mayBeOver(row.reason);

const STORE_SAYS = [
  { status: 403, reason: "store-403" },
  { status: 400, reason: "store-400" },
  { status: 413, reason: "size-refused" },
];

const dated = (pause, now) => pause && { ...pause, at: now + (pause.inMs ?? 0) };

const refused = (action, reason) => ({
  ok: false,
  failure: { concerns: "photo", action, reason, retryAfterMs: null },
});
