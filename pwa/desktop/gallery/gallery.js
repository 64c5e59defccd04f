/** The list "Photos": tiles of known size, so that nothing jumps when pictures or photos arrive. */
import { step } from "../shell/keys.js";
import { placeQuestion } from "../consultations/place-question.js";
import { Tile } from "./tile.js";
import { Unseen } from "./unseen.js";

const HIGHLIGHT_MS = 2000;

export class Gallery {
  #list;
  #desk;
  #unseen;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #active = 0;
  #answers;
  #wanted = "";

  /**
   * @param {HTMLElement} list @param {HTMLElement} pill @param {import("../desk.js").Desk} desk
   * @param {(id: string) => void} open @param {import("../consultations/place-question.js").PlaceAnswers} answers
   */
  constructor(list, pill, desk, open, answers) {
    this.#list = list;
    this.#desk = desk;
    this.#answers = answers;
    this.#unseen = new Unseen(pill, (items) => this.#lead(items));
    list.addEventListener("click", (event) => {
      const id = idOf(event);
      if (id) open(id);
    });
    list.addEventListener("keydown", (event) => this.#moveFocus(event));
    list.addEventListener("focusin", (event) => this.#activate(this.#indexOf(idOf(event))));
    // Load failures do not bubble; they are caught on the way down.
    list.addEventListener("error", (event) => this.#failed(event), true);
    desk.addEventListener("change", () => this.#render());
    desk.addEventListener("arrived", (event) =>
      this.#highlightArrived(/** @type {CustomEvent} */ (event).detail),
    );
  }

  /** The address under which the browser already has the photo itself, if it does. @param {string} id */
  address(id) {
    return this.#tiles.get(id)?.photoAddress;
  }

  /** The same of what the tile shows, which may be the thumbnail. @param {string} id */
  pictureAddress(id) {
    return this.#tiles.get(id)?.pictureAddress;
  }

  /** Where the photo is gone, its place in the row takes the focus. @param {string} id */
  focus(id) {
    const at = this.#indexOf(id);
    this.#focusAt(at < 0 ? this.#active : at);
  }

  /** Leads to the photos in question of a consultation that is shown next, once they are known. @param {string} consultationId */
  leadToAsked(consultationId) {
    this.#wanted = consultationId;
  }

  #leadIfWanted() {
    const { shown } = this.#desk;
    if (!this.#wanted) return;
    const items = this.#askedTiles();
    const over = shown?.id !== this.#wanted || !shown.unconfirmedCount;
    if (over || items.length) this.#wanted = "";
    // What else changes with the consultation has its place by then.
    if (!over && items.length) requestAnimationFrame(() => this.#lead(items));
  }

  #askedTiles() {
    const asked = (this.#desk.photos ?? []).filter(({ takenDuring }) => takenDuring);
    return asked.flatMap(({ id }) => this.#tiles.get(id)?.element ?? []);
  }

  #render() {
    const photos = this.#desk.photos ?? [];
    const before = this.#tiles;
    this.#tiles = new Map(photos.map(({ id }) => [id, before.get(id) ?? new Tile(id)]));
    for (const [id, tile] of before) if (!this.#tiles.has(id)) tile.element.remove();
    photos.forEach((photo, at) => {
      const { element } = this.#fill(photo, at);
      if (this.#list.children[at] !== element) {
        this.#list.insertBefore(element, this.#list.children[at] ?? null);
      }
    });
    this.#activate(Math.min(this.#active, Math.max(photos.length - 1, 0)));
    this.#unseen.pruneDetached();
    this.#leadIfWanted();
  }

  /** @param {import("../../shared/api-types.js").Photo} photo @param {number} at */
  #fill(photo, at) {
    const tile = /** @type {Tile} */ (this.#tiles.get(photo.id));
    tile.fill(photo, at + 1);
    const { consultations } = this.#desk;
    tile.ask(photo.takenDuring ? placeQuestion(photo, consultations, this.#answers) : null);
    return tile;
  }

  /** One tile is reached by Tab, the others by arrows. @param {number} at */
  #activate(at) {
    if (at < 0) return;
    this.#active = at;
    [...this.#tiles.values()].forEach((tile, index) => tile.reachable(index === at));
  }

  /** @param {KeyboardEvent} event */
  #moveFocus(event) {
    if (!idOf(event)) return;
    const style = getComputedStyle(this.#list);
    const columns = style.gridTemplateColumns.split(" ").length;
    const from = this.#indexOf(idOf(event));
    const to = step(event.key, from, this.#tiles.size, columns);
    if (to === from) return;
    event.preventDefault();
    this.#focusAt(to);
  }

  /** @param {number} at */
  #focusAt(at) {
    [...this.#tiles.values()][at]?.focus();
  }

  /** @param {string | undefined} id */
  #indexOf(id) {
    return [...this.#tiles.keys()].indexOf(id ?? "");
  }

  /** @param {Event} event */
  #failed(event) {
    const id = idOf(event);
    if (id && this.#tiles.get(id)?.failed()) return;
    if (this.#desk.photoFailed()) void this.#desk.refreshPhotos().catch(() => {});
  }

  /** @param {string[]} ids */
  #highlightArrived(ids) {
    const items = ids.flatMap((id) => this.#tiles.get(id)?.element ?? []);
    highlight(items);
    this.#unseen.add(items);
  }

  /** Scrolls to photos that may be out of sight; their highlight of arrival has ended. @param {HTMLElement[]} items */
  #lead(items) {
    items[0].scrollIntoView({ block: "center" });
    items[0].querySelector("button")?.focus({ preventScroll: true });
    highlight(items);
  }
}

/** @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>>} */
const ends = new WeakMap();

/** @param {HTMLElement[]} items a highlight that is on already lasts from now */
function highlight(items) {
  for (const item of items) {
    clearTimeout(ends.get(item));
    item.classList.add("is-new");
    const end = setTimeout(() => item.classList.remove("is-new"), HIGHLIGHT_MS);
    ends.set(item, end);
  }
}

/** @param {Event} event */
function idOf(event) {
  const tile = /** @type {Element} */ (event.target).closest("[data-photo]");
  return tile instanceof HTMLElement ? tile.dataset.photo : undefined;
}
