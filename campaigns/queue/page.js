/**
 * The phone's page and the person before it: opens the camera, answers which consultation it is,
 * shoots, deletes. The consultation guard is the product's own.
 */

/** @import { World } from "./world.js" */

const STALE_MINUTES = 15;
const DIRTY = 0.08;

export class Page {
  /** What the server last said is current. @type {any} */
  known = null;
  /** @type {any} */
  #visit = null;
  /** What the person was shown and has accepted for this visit. @type {string | null} */
  #agreed = null;
  #world;
  #made = 0;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    this.hear();
  }

  /** Another person, or another page: the visit is over. */
  close() {
    this.#visit = null;
    if (this.known && this.known.of !== this.#user) this.hear();
  }

  /** The server's word about what is current. */
  hear() {
    const { clinic, wall, now, product } = this.#world;
    const moment = { confirmedAt: wall, heardAt: now };
    this.known = { ...clinic.known(this.#user), ...moment, of: this.#user };
    if (!this.#visit) return;
    const { belongs } = this.#visit;
    // The server's own word that nothing has changed: what the heading says is right.
    if ((this.known.current ?? this.known.unfiled).id === belongs.id) this.#agreed = belongs.id;
    this.#visit = product.guard.hear(this.#visit, this.known);
  }

  /** The camera is opened; the heading names the consultation, or the server could not be asked. */
  open() {
    const { product, wall, now, weather, random } = this.#world;
    const fresh = !this.#visit;
    this.#visit = product.guard.resume(this.#visit ?? product.guard.begin(this.known));
    if (weather === "good" && random.chance(0.7)) this.hear();
    const moment = { wall, still: now };
    this.#visit = product.guard.unanswered(this.#visit, this.known, moment, STALE_MINUTES);
    if (fresh) this.#agreed = this.#visit.question ? null : this.#visit.belongs.id;
  }

  answer() {
    const { product, random, wall } = this.#world;
    const question = this.#visit?.question;
    if (!question) return;
    const choice = random.pick(question.kind === "moved" ? ["keep", "switch"] : ["use", "decline"]);
    const { belongs } = this.#visit;
    const { unfiled } = this.known;
    const accepted = { keep: belongs, use: belongs, switch: question.to, decline: unfiled }[choice];
    this.#visit = product.guard.answer(this.#visit, choice, this.known, wall);
    this.#agreed = accepted.id;
  }

  shutter() {
    const { disk, full } = this.#world;
    if (disk.owner.signedOut || full) return;
    if (!this.#visit) this.open();
    if (this.#visit.question) return this.answer();
    this.#take(this.#visit.belongs.id, this.#agreed);
  }

  /** The new photo belongs where the old one did, whatever is current now. */
  retake() {
    const { disk, full, books } = this.#world;
    const old = this.#some();
    if (!old || full || disk.owner.signedOut) return;
    const photo = this.#take(old.consultationId, books.taken.get(old.photoId).consultationId);
    if (disk.remove(old) === "busy") disk.rows.get(photo.photoId).retakeOf = old.photoId;
    else books.unwant(old.photoId);
    this.#world.changed();
  }

  remove() {
    const row = this.#some();
    if (!row || this.#world.disk.remove(row) === "busy") return;
    this.#world.books.unwant(row.photoId);
    this.#world.changed();
  }

  get #user() {
    return this.#world.disk.owner.id;
  }

  /** @returns {any} one of the photos that this person sees */
  #some() {
    const { disk, random } = this.#world;
    const own = [...disk.rows.values()].filter((row) => row.owner === this.#user);
    return random.pick(own.filter((row) => row.state !== "deleting"));
  }

  /** @param {string} consultationId as the product says @param {string | null} agreed as the person was told */
  #take(consultationId, agreed) {
    const { disk, books, clinic, random } = this.#world;
    const seq = (this.#made += 1);
    const photo = { photoId: `p${seq}`, seq, owner: this.#user, consultationId, sha256: `h${seq}` };
    if (random.chance(DIRTY))
      clinic.poisoned.set(photo.photoId, random.pick(["invalid-image", "checksum-mismatch"]));
    disk.add(photo);
    books.shutter({ ...photo, consultationId: agreed });
    this.#world.changed();
    return photo;
  }
}
