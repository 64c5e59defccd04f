/** One photo large: zoom, its neighbours, what it shows, and what can be done with it. */
import { desktop as words } from "../page/words-desktop.js";
import { fillSelect, find, make } from "./dom.js";
import { isTyping, shortcut } from "./keys.js";
import { lateMark } from "./tile.js";
import { when } from "./times.js";
import { Zoom } from "./zoom.js";

/** @typedef {import("./shapes.js").Photo} Photo */
/**
 * What the dialog asks of the page; each act rejects with a sentence to show.
 * @typedef {{ download(photo: Photo, number: number): Promise<void>, move(photo: Photo): Promise<void>,
 *   delete(photo: Photo): Promise<void> }} PhotoActs
 */

const FIELDS = /** @type {const} */ (["caption", "bodySite", "side", "view"]);

export class PhotoDialog {
  #dialog;
  #form;
  #image;
  #zoom;
  #desk;
  #drafts;
  #acts;
  #address;
  /** @type {string | null} */
  #id = null;

  /**
   * @param {HTMLDialogElement} dialog @param {import("./desk.js").Desk} desk
   * @param {import("./drafts.js").Drafts} drafts @param {PhotoActs} acts
   * @param {{ address(id: string): string | undefined, focus(id: string): void }} gallery
   */
  constructor(dialog, desk, drafts, acts, gallery) {
    this.#dialog = dialog;
    this.#desk = desk;
    this.#drafts = drafts;
    this.#acts = acts;
    this.#address = (/** @type {Photo} */ photo) => gallery.address(photo.id) ?? photo.url;
    this.#form = find(dialog, "form", HTMLFormElement);
    this.#image = find(dialog, ".viewport img", HTMLImageElement);
    this.#zoom = new Zoom(find(dialog, ".viewport", HTMLElement), this.#image, (at, last) => {
      this.#button("out").disabled = this.#button("fit").disabled = at === 0;
      this.#button("in").disabled = at === last;
    });
    this.#fillChoices();
    this.#listen(gallery);
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

  #fillChoices() {
    fillSelect(find(this.#form, "[name=side]", HTMLSelectElement), words.sides);
    fillSelect(find(this.#form, "[name=view]", HTMLSelectElement), words.views);
    find(this.#form, "datalist", HTMLDataListElement).append(
      ...words.bodySites.map((site) => new Option(site, site)),
    );
  }

  /** @param {{ focus(id: string): void }} gallery */
  #listen(gallery) {
    const dialog = this.#dialog;
    dialog.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      if (button) void this.#press(button.value);
    });
    dialog.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("close", () => {
      const id = this.#id;
      this.#id = null;
      if (id) void this.#drafts.flush(id);
      if (id) gallery.focus(id);
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", (event) => this.#typed(event));
    this.#image.addEventListener("error", () => this.#failed());
    this.#desk.addEventListener("change", () => this.#refresh());
    this.#drafts.addEventListener("state", () => this.#showSaved());
  }

  get #at() {
    return this.#desk.photos?.findIndex(({ id }) => id === this.#id) ?? -1;
  }

  get #photo() {
    return this.#desk.photos?.[this.#at];
  }

  /** @param {string} id */
  #show(id) {
    if (this.#id && this.#id !== id) void this.#drafts.flush(this.#id);
    this.#id = id;
    const photo = this.#photo;
    if (!photo) return;
    this.#say("");
    this.#zoom.to(0);
    this.#image.src = this.#address(photo);
    this.#refresh(true);
  }

  /** Shows what the server knows, except in a field that someone is in. @param {boolean} [isNew] */
  #refresh(isNew = false) {
    if (!this.#id) return;
    const photo = this.#photo;
    if (!photo) return this.close();
    const count = this.#desk.photos?.length ?? 0;
    const title = words.photoOf(this.#at + 1, count);
    find(this.#dialog, "h2", HTMLElement).textContent = title;
    find(this.#dialog, "header p", HTMLElement).textContent = this.#desk.shown?.label ?? "";
    this.#image.alt = title;
    this.#image.width = photo.width;
    this.#image.height = photo.height;
    this.#button("previous").disabled = this.#at === 0;
    this.#button("next").disabled = this.#at === count - 1;
    const known = { ...photo, ...this.#drafts.unsaved(photo.id) };
    for (const name of FIELDS) {
      const field = this.#field(name);
      if (isNew || field !== document.activeElement) field.value = known[name];
    }
    find(this.#form, ".facts", HTMLElement).replaceChildren(...facts(photo));
    this.#showSaved();
  }

  #showSaved() {
    if (!this.#id) return;
    const state = this.#drafts.state(this.#id);
    const saved = find(this.#form, ".saved", HTMLElement);
    saved.textContent = state ? words.saveStates[state] : "";
    saved.dataset.saved = state ?? "";
  }

  /** @param {Event} event */
  #typed({ target }) {
    const field = /** @type {HTMLInputElement} */ (target);
    if (this.#id) this.#drafts.edit(this.#id, { [field.name]: field.value });
  }

  #failed() {
    const photo = this.#photo;
    if (!photo) return;
    const fresh = new URL(photo.url, location.href).href;
    if (this.#image.src !== fresh) this.#image.src = fresh;
    else if (this.#desk.photoFailed()) void this.#reload().catch(() => this.#say(words.brokenPhoto));
    else this.#say(words.brokenPhoto);
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
    else if (value === "in" || value === "out" || value === "fit") this.#zoom.step(value);
    else if (photo) await this.#act(value, photo);
  }

  /** @param {string} value @param {Photo} photo */
  async #act(value, photo) {
    this.#say("");
    const act = this.#acts[/** @type {keyof PhotoActs} */ (value)];
    await act(photo, this.#at + 1).catch((error) => this.#say(error.message));
  }

  /** @param {"previous" | "next"} way */
  #turn(way) {
    const next = this.#desk.photos?.[this.#at + (way === "next" ? 1 : -1)];
    if (next) this.#show(next.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (isTyping(event.target)) return;
    const way = /** @type {Record<string, "in" | "out" | "fit">} */ ({
      "+": "in",
      "=": "in",
      "-": "out",
      0: "fit",
    })[event.key];
    if (way && !event.ctrlKey && !event.metaKey) this.#zoom.step(way);
    if (this.#zoom.isZoomed) return; // arrows pan the enlarged photo
    const turn = shortcut(event, false);
    if (turn === "previous" || turn === "next") this.#turn(turn);
  }

  /** @param {string} text */
  #say(text) {
    find(this.#form, ".field-error", HTMLElement).textContent = text;
  }

  /** @param {string} value */
  #button(value) {
    return find(this.#dialog, `button[value=${value}]`, HTMLButtonElement);
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }
}

/** @param {Photo} photo */
function facts(photo) {
  const now = new Date();
  const received = make("dd", "", when(photo.receivedAt, now, words.locale));
  if (photo.late) received.append(" ", lateMark());
  return [
    make("dt", "", words.taken),
    make("dd", "", when(photo.capturedAt, now, words.locale)),
    make("dt", "", words.received),
    received,
    make("dt", "", words.size),
    make("dd", "", `${photo.width} × ${photo.height}`),
  ];
}
