/**
 * Two clinicians, two desktops, one phone that both use, a network with faults, a server: each
 * operation of a history is a method here.
 */

import { LONGEST_WAIT_MS } from "../../pwa/queue/replay/retry-policy.js";
import { Checker } from "./checker.js";
import { Clinic } from "./clinic.js";
import { Disk } from "./disk.js";
import { Page } from "./page.js";
import { Random } from "./random.js";
import { Run } from "./run.js";
import { NETWORK_STATES } from "./network-faults.js";

/** @import { Product } from "./product.js" */
/** @import { Request } from "./clinic.js" */
/** @import { Operation } from "./operations.js" */

const USERS = ["anna", "ben"];
const SILENT_MS = 90_000;
const TRIGGER_MS = 15_000;
const REQUEST_MS = 200;
/** I10: the longest backoff while the page is visible, and the next occasion. */
const SILENCE_MS = 30_000 + TRIGGER_MS + 1_000;
/** A photo that was refused alone is retried after this. */
const PARKED_MS = 300_000;
const INSPECT_EVERY = 20;
const STRETCH = 12;

export class World {
  now = 1_000;
  skew = 0;
  network = "good";
  visible = true;
  full = false;
  /** Until when servers asked for no request (Retry-After). */
  askedUntil = 0;
  /** When a request last left. */
  left = 0;
  /** A clock set back, or a write that came late, makes a persisted wait longer. */
  jumped = 0;
  random = new Random(0);
  checker = new Checker();
  clinic = new Clinic(USERS);
  /** Requests whose phone no longer waits. @type {Request[]} */
  lateRequests = [];
  /** @type {Run | null} */
  holder = null;
  /** Runs whose lock was taken away while they were frozen. @type {Run[]} */
  zombies = [];
  /** Operations and steps so far. */
  events = 0;
  /** Photos that were read before their turn, and what became of them at it. */
  overlap = { sent: 0, refused: 0 };
  #due = true;

  /** @param {Product} product */
  constructor(product) {
    this.product = product;
    this.disk = new Disk(product, () => this.wall, USERS[0]);
    this.page = new Page(this);
    this.clinic.onPut = (key, sha256) => this.checker.write?.({ type: "PutSeen", key, sha256 });
  }

  get wall() {
    return 1_000_000_000 + this.now + this.skew;
  }

  /** @param {Operation} operation */
  apply([kind, salt]) {
    this.random = new Random(salt);
    OPERATIONS[kind](this);
    this.check();
  }

  check() {
    this.checker.check(this.disk.rows, this.clinic);
    this.events += 1;
    if (this.events % INSPECT_EVERY === 0) this.checker.inspect(this.disk.rows, this.clinic, false);
  }

  /** Does the next step, or lets time pass until there is one. */
  go() {
    const { holder } = this;
    if (!holder || holder.frozen) return this.#occasion();
    const did = holder.progress();
    if (holder.over && holder.writes.length === 0) this.holder = null;
    else if (!did) this.pass(Math.max(1, (holder.wakeAt ?? this.now + TRIGGER_MS) - this.now));
  }

  /** After a run the next occasion is that of the page's timer. */
  #occasion() {
    this.#due = !this.#due;
    if (this.#due) this.pass(TRIGGER_MS);
    else this.trigger();
  }

  /** Several things in a row, undisturbed. */
  on() {
    for (let step = 1; step < STRETCH; step += 1) {
      this.go();
      this.check();
    }
    this.go();
  }

  /** Any occasion to send. */
  trigger() {
    const owner = this.disk.activeUser();
    if (this.holder && this.disk.msSinceHeartbeat() < SILENT_MS) return this.pass(TRIGGER_MS);
    if (this.holder) this.zombies.push(this.holder);
    this.holder = null;
    if (owner === null) return this.pass(TRIGGER_MS);
    this.disk.beat = this.wall;
    this.holder = new Run(this, owner);
    return undefined;
  }

  /** @param {number} ms */
  pass(ms) {
    const { holder } = this;
    this.now += ms;
    if (!holder || holder.frozen) return;
    this.disk.beat = this.wall;
    if (holder.wakeAt === null || holder.wakeAt > this.now) return;
    holder.wakeAt = null;
    holder.push({ type: "tick" });
  }

  kill() {
    this.holder?.kill();
    this.holder = null;
    this.zombies = [];
    this.visible = this.random.chance(0.5);
    this.page.close();
    if (this.visible) this.hurry();
  }

  /** A page came back into view, a connection came back, a user signed in. */
  hurry() {
    // What a run at its end still writes was asked for before.
    while (this.holder?.over && this.holder.writes.length > 0) this.holder.progress();
    this.disk.retryNow();
    if (!this.holder?.frozen) this.holder?.push({ type: "hurry" });
  }

  changed() {
    if (!this.holder?.frozen) this.holder?.look();
  }

  /** Stolen while it slept: what it was at ends, in whatever order its queues bring. */
  thaw() {
    if (this.holder) this.holder.frozen = false;
    const zombie = this.zombies.pop();
    if (!zombie) return;
    while (zombie.writes.length > 0 && this.random.chance(0.8)) zombie.progress();
    zombie.kill();
  }

  /** @param {string} id @param {boolean} signedOut */
  user(id, signedOut) {
    this.disk.owner = { id, signedOut };
    this.page.close();
    this.changed();
    if (!signedOut) this.hurry();
  }

  /** @param {Request} request whose phone no longer waits */
  mayArriveLate(request) {
    if (this.random.chance(0.5)) this.lateRequests.push(request);
  }

  lateRequest() {
    const at = this.random.below(this.lateRequests.length);
    const [request] = this.lateRequests.splice(at, 1);
    if (request) this.clinic.handle(request, this.now);
  }

  /** @param {number | null | undefined} ms */
  asked(ms) {
    this.askedUntil = Math.max(this.askedUntil, this.now + (ms ?? 0) * 1.25 + 2_000);
  }

  /** @param {number} ms */
  prolonged(ms) {
    this.jumped = Math.max(this.jumped, ms);
  }

  /** @param {any} effect @param {any} about @returns {Request} as the phone sends it now */
  request({ type, photoId, upload }, about) {
    const { owner } = this.disk;
    this.left = this.now;
    const user = owner.signedOut ? null : owner.id;
    const said = (/** @type {any} */ row) => this.product.declare(row, this.page.known);
    for (const row of type === "presign" ? about : [about])
      if (row) this.checker.requestSent(row.owner, this.disk, `${type} ${row.photoId}`);
    if (type === "presign") return { kind: type, user, photoId: "", photos: about.map(said) };
    if (type === "put") return { kind: type, user, photoId, url: upload.url, sha256: about.bytes };
    if (type === "complete") return { kind: type, user, photoId, claim: said(about) };
    return { kind: type, user, photoId };
  }

  /** A good network, every user signs in once more, and nothing else happens: I2 and I10. */
  rest() {
    this.random = new Random(7);
    this.network = "good";
    this.thaw();
    while (this.lateRequests.length > 0) this.lateRequest();
    if (!this.visible) this.hurry();
    this.visible = true;
    const here = this.disk.owner;
    if (!here.signedOut) this.#drain();
    this.clinic.sweep();
    for (const id of USERS) {
      if (this.disk.activeUser() !== id) this.user(id, false);
      // Without any help: what was parked while all were refused is sent by itself.
      this.#drain();
      this.disk.retry();
      this.changed();
      this.#drain();
    }
    if (!this.checker.clean) return;
    this.clinic.sweep();
    this.check();
    this.checker.checkAtRest(this.disk.rows, this.clinic);
    this.checker.inspect(this.disk.rows, this.clinic, true);
  }

  /** As fast as the link allows; a silence that outlives its reason is a finding. */
  #drain() {
    const photos = this.disk.load(this.disk.owner.id).length;
    this.prolonged(PARKED_MS);
    const work = photos * (TRIGGER_MS + 4 * REQUEST_MS) + this.jumped;
    const began = this.now;
    this.left = began;
    while (this.#moving() && this.checker.clean) {
      if (this.holder && !this.holder.frozen) this.now += REQUEST_MS / 10;
      this.go();
      this.check();
      this.#checkPace(began, work);
    }
  }

  /** @param {number} began @param {number} work ms */
  #checkPace(began, work) {
    const asked = this.askedUntil + TRIGGER_MS;
    const silent = Math.max(this.left + SILENCE_MS, asked) + this.jumped;
    if (this.now > silent) this.checker.report("stuck", "nothing leaves");
    if (this.now > Math.max(began + SILENCE_MS, asked) + work)
      this.checker.report("stuck", "still sending");
  }

  #moving() {
    return this.holder !== null || this.disk.load(this.disk.owner.id).length > 0;
  }
}

/** @type {Record<string, (world: World) => void>} */
const OPERATIONS = {
  go: (world) => world.go(),
  on: (world) => world.on(),
  pass: (world) => world.pass(world.random.next() * world.random.pick([2_000, 20_000, 200_000])),
  shutter: (world) => world.page.shutter(),
  remove: (world) => world.page.remove(),
  retake: (world) => world.page.retake(),
  open: (world) => world.page.open(),
  answer: (world) => world.page.answer(),
  network: (world) => void (world.network = world.random.pick(NETWORK_STATES)),
  retry: (world) => (world.disk.retry(), world.changed()),
  online: (world) => world.hurry(),
  look: (world) => ((world.visible = !world.visible), world.visible && world.hurry()),
  kill: (world) => world.kill(),
  freeze: (world) => void (world.holder && (world.holder.frozen = true)),
  thaw: (world) => world.thaw(),
  clock: jump,
  desktop: choose,
  user: (world) => world.user(world.random.pick(USERS), world.random.chance(0.3)),
  move: file,
  sweep: (world) => world.clinic.sweep(),
  lateRequest: (world) => world.lateRequest(),
  quota: (world) => void (world.full = !world.full),
  corrupt: damage,
};

/** @param {World} world */
function jump(world) {
  const by = (world.random.next() - 0.5) * world.random.pick([10_000, 600_000, 36_000_000]);
  world.skew += by;
  world.prolonged(LONGEST_WAIT_MS);
}

/** One of two desktops opens another consultation, or none. @param {World} world */
function choose({ random, clinic, disk, network, page }) {
  const made = clinic.consultations.get(disk.owner.id) ?? [];
  clinic.current.set(disk.owner.id, random.pick([null, ...made.slice(1)]));
  if (network === "good" && random.chance(0.7)) page.onServerUpdate();
}

/** A clinician files a stored photo elsewhere. @param {World} world */
function file({ random, clinic, checker }) {
  const row = random.pick([...clinic.rows.values()]);
  if (row?.state !== "stored") return;
  const { id } = random.pick(clinic.consultations.get(row.owner) ?? []);
  row.filedIn = id;
  checker.filed.set(row.photoId, id);
  checker.write?.({ type: "Moved", photo: row.photoId, consultation: id });
}

/** The disk damages a photo that waits. @param {World} world */
function damage({ random, disk, checker }) {
  const row = random.pick([...disk.rows.values()]);
  if (!row?.bytes) return;
  row.bytes = "damaged";
  checker.corrupted.add(row.photoId);
}
