/**
 * The phone's page and its user, who opens the camera, answers which consultation it is, shoots and
 * deletes. The consultation guard is the product's own.
 */

/** @import { World } from "./world.js" */

const STALE_MINUTES = 15;
const DIRTY = 0.08;

export class Page {
  /** What the server last said is current. @type {any} */
  known = null;
  /** @type {any} */
  #session = null;
  /** The consultation that the user accepted in this camera session. @type {string | null} */
  #agreed = null;
  #world;
  #made = 0;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    this.onServerUpdate();
  }

  /** Another user or another page: the camera session is over. */
  close() {
    this.#session = null;
    if (this.known && this.known.of !== this.#user) this.onServerUpdate();
  }

  /** The server says what is current. */
  onServerUpdate() {
    const { clinic, wall, now, product } = this.#world;
    const moment = { confirmedAt: wall, heardAt: now };
    this.known = { ...clinic.known(this.#user), ...moment, of: this.#user };
    if (!this.#session) return;
    const { consultation } = this.#session;
    // The server says that nothing has changed: the heading is right.
    if ((this.known.current ?? this.known.unfiled).id === consultation.id)
      this.#agreed = consultation.id;
    this.#session = product.guard.onServerUpdate(this.#session, this.known);
  }

  /** The camera is opened; the heading names the consultation, or the server could not be asked. */
  open() {
    const { product, wall, now, network, random } = this.#world;
    const fresh = !this.#session;
    this.#session = product.guard.resume(this.#session ?? product.guard.begin(this.known));
    if (network === "good" && random.chance(0.7)) this.onServerUpdate();
    const moment = { wall, still: now };
    this.#session = product.guard.unanswered(this.#session, this.known, moment, STALE_MINUTES);
    if (fresh) this.#agreed = this.#session.question ? null : this.#session.consultation.id;
  }

  answer() {
    const { product, random, wall } = this.#world;
    const question = this.#session?.question;
    if (!question) return;
    const choice = random.pick(question.kind === "moved" ? ["keep", "switch"] : ["use", "decline"]);
    const { consultation } = this.#session;
    const { unfiled } = this.known;
    const accepted = {
      keep: consultation,
      use: consultation,
      switch: question.to,
      decline: unfiled,
    }[choice];
    this.#session = product.guard.answer(this.#session, choice, this.known, wall);
    this.#agreed = accepted.id;
  }

  shutter() {
    const { disk, full } = this.#world;
    if (disk.owner.signedOut || full) return;
    if (!this.#session) this.open();
    if (this.#session.question) return this.answer();
    this.#take(this.#session.consultation.id, this.#agreed);
  }

  /** The new photo belongs where the old one did, whatever is current now. */
  retake() {
    const { disk, full, checker } = this.#world;
    const old = this.#some();
    if (!old || full || disk.owner.signedOut) return;
    const photo = this.#take(old.consultationId, checker.taken.get(old.photoId).consultationId);
    if (disk.remove(old) === "busy") disk.rows.get(photo.photoId).retakeOf = old.photoId;
    else checker.markDeleted(old.photoId);
    this.#world.changed();
  }

  remove() {
    const row = this.#some();
    if (!row || this.#world.disk.remove(row) === "busy") return;
    this.#world.checker.markDeleted(row.photoId);
    this.#world.changed();
  }

  get #user() {
    return this.#world.disk.owner.id;
  }

  /** @returns {any} one of the photos that this user sees */
  #some() {
    const { disk, random } = this.#world;
    const own = [...disk.rows.values()].filter((row) => row.owner === this.#user);
    return random.pick(own.filter((row) => row.state !== "deleting"));
  }

  /** @param {string} consultationId as the product says @param {string | null} agreed what the user accepted */
  #take(consultationId, agreed) {
    const { disk, checker, clinic, random } = this.#world;
    const seq = (this.#made += 1);
    const photo = { photoId: `p${seq}`, seq, owner: this.#user, consultationId, sha256: `h${seq}` };
    if (random.chance(DIRTY))
      clinic.poisoned.set(photo.photoId, random.pick(["invalid-image", "checksum-mismatch"]));
    disk.add(photo);
    checker.shutter({ ...photo, consultationId: agreed });
    this.#world.changed();
    return photo;
  }
}
