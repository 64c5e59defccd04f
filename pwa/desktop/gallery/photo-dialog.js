/** One photo large: zoom, its neighbours, what it shows, and what can be done with it. */
import { desktop as words } from "../../page/words/desktop.js";
import { find } from "../../page/dom.js";
import { isTyping, shortcut } from "../shell/keys.js";
import { PhotoForm } from "./photo-form.js";
import { named } from "../consultations/identity.js";
import { placeQuestion } from "../consultations/place-question.js";
import { Zoom, zoomKey } from "./zoom.js";

/** @typedef {import("../../shared/api-types.js").Photo} Photo */
/**
 * What the dialog asks of the page; each act rejects with a sentence to show.
 * @typedef {{ download(photo: Photo): Promise<void>, move(photo: Photo): Promise<void>,
 *   confirm(photo: Photo): Promise<void>, delete(photo: Photo): Promise<void> }} PhotoActs
 * @typedef {{ address(id: string): string | undefined, pictureAddress(id: string): string | undefined,
 *   focus(id: string): void }} Tiles
 */

export class PhotoDialog {
  #dialog;
  #form;
  #image;
  #zoom;
  #desk;
  #acts;
  #tiles;
  /** @type {string | null} */
  #id = null;

  /**
   * @param {HTMLDialogElement} dialog @param {import("../desk.js").Desk} desk
   * @param {import("../notes/drafts.js").Drafts} drafts @param {PhotoActs} acts @param {Tiles} tiles
   */
  constructor(dialog, desk, drafts, acts, tiles) {
    this.#dialog = dialog;
    this.#desk = desk;
    this.#acts = acts;
    this.#tiles = tiles;
    this.#form = new PhotoForm(find(dialog, "form", HTMLFormElement), drafts);
    this.#image = find(dialog, ".viewport img", HTMLImageElement);
    this.#zoom = new Zoom(find(dialog, ".viewport", HTMLElement), this.#image, (at, last) => {
      this.#button("out").disabled = this.#button("fit").disabled = at === 0;
      this.#button("in").disabled = at === last;
    });
    this.#listen();
  }

  /** @param {string} id */
  open(id) {
    this.#show(id);
    if (!this.#dialog.open) this.#dialog.showModal();
    find(this.#dialog, ".viewport", HTMLElement).focus();
  }

  close() {
    this.#dialog.close();
  }

  #listen() {
    const dialog = this.#dialog;
    dialog.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      if (button) void this.#press(button.value);
    });
    dialog.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("close", () => {
      this.#form.leave();
      if (this.#id) this.#tiles.focus(this.#id);
      this.#id = null;
    });
    this.#image.addEventListener("error", () => this.#failed());
    this.#desk.addEventListener("change", () => this.#refresh());
  }

  get #at() {
    return this.#desk.photos?.findIndex(({ id }) => id === this.#id) ?? -1;
  }

  get #photo() {
    return this.#desk.photos?.[this.#at];
  }

  /** @param {string} id */
  #show(id) {
    this.#id = id;
    const photo = this.#photo;
    if (!photo) return;
    this.#zoom.to(0);
    const known = this.#tiles.address(id);
    if (known) this.#image.src = known;
    else void this.#load(photo);
    this.#refresh();
  }

  /**
   * The thumbnail at once and the photo when it is there: an image keeps its picture until the next one has
   * loaded, and the photo of before may not stand under this one's title.
   * @param {Photo} photo
   */
  async #load({ id, url }) {
    const small = this.#tiles.pictureAddress(id);
    if (small) this.#image.src = small;
    else this.#image.removeAttribute("src");
    const photo = new Image();
    photo.src = url;
    await photo.decode().catch(() => {}); // where it cannot be shown, the image below says so
    if (this.#id === id) this.#image.src = url;
  }

  #refresh() {
    if (!this.#id) return;
    const photo = this.#photo;
    const { shown, photos } = this.#desk;
    if (!photo || !shown || !photos) return this.close();
    const title = words.photoOf(this.#at + 1, photos.length);
    find(this.#dialog, "h2", HTMLElement).textContent = title;
    find(this.#dialog, "header p", HTMLElement).replaceChildren(
      named(shown, this.#desk.consultations),
    );
    this.#ask(photo);
    this.#image.alt = title;
    this.#image.width = photo.width;
    this.#image.height = photo.height;
    this.#button("previous").disabled = this.#at === 0;
    this.#button("next").disabled = this.#at === photos.length - 1;
    this.#form.show(photo);
  }

  /** Redrawn only where it differs, so that the focus stays on an answer. @param {Photo} photo */
  #ask(photo) {
    const place = find(this.#dialog, ".place-place", HTMLElement);
    const act = (/** @type {keyof PhotoActs} */ what) => () => void this.#act(what, photo);
    const answers = { yes: act("confirm"), move: act("move") };
    const asked = photo.takenDuring
      ? [placeQuestion(photo, this.#desk.consultations, answers)]
      : [];
    const drawn = asked.map(({ textContent }) => textContent).join("") + photo.id;
    if (place.dataset.drawn === drawn) return;
    place.dataset.drawn = drawn;
    place.replaceChildren(...asked);
  }

  /** The signed address may have run out: the newest one is tried, then one more list is asked for. */
  #failed() {
    const photo = this.#photo;
    if (!photo) return;
    const isOld = this.#image.src !== new URL(photo.url, location.href).href;
    const showBroken = () => this.#form.say(words.brokenPhoto);
    if (isOld) this.#image.src = photo.url;
    else if (this.#desk.photoFailed()) void this.#reload().catch(showBroken);
    else showBroken();
  }

  async #reload() {
    await this.#desk.refreshPhotos();
    if (this.#photo) this.#image.src = this.#photo.url;
  }

  /** @param {string} value */
  async #press(value) {
    const photo = this.#photo;
    if (value === "close") this.close();
    else if (value === "previous" || value === "next") this.#turn(value);
    else if (isZoom(value)) this.#zoom.step(value);
    else if (value && photo) await this.#act(value, photo);
  }

  /** @param {string} value @param {Photo} photo */
  async #act(value, photo) {
    this.#form.say("");
    const act = this.#acts[/** @type {keyof PhotoActs} */ (value)];
    await act(photo).catch((error) => this.#form.say(error.message));
  }

  /** @param {"previous" | "next"} way */
  #turn(way) {
    const next = this.#desk.photos?.[this.#at + (way === "next" ? 1 : -1)];
    if (next) this.#show(next.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (isTyping(event.target)) return;
    const way = zoomKey(event);
    if (way) this.#zoom.step(way);
    if (this.#zoom.isZoomed) return; // arrows pan the enlarged photo
    const turn = shortcut(event, false);
    if (turn === "previous" || turn === "next") this.#turn(turn);
  }

  /** @param {string} value */
  #button(value) {
    return find(this.#dialog, `button[value=${value}]`, HTMLButtonElement);
  }
}

/** @param {string} value @returns {value is "in" | "out" | "fit"} */
const isZoom = (value) => ["in", "out", "fit"].includes(value);
