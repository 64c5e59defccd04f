/** The print view: notes, photos, captions and times; each photo carries whose it is. */
import { name } from "../page/names.js";
import { toast } from "../page/toasts.js";
import { desktop as words } from "../page/words-desktop.js";
import { make } from "./dom.js";
import { siteOf, timesOf } from "./tile.js";
import { when } from "./times.js";
import { labelOf } from "./visit-list.js";

const PATIENCE = 15_000;
/** Every time is printed with its day: paper outlives today. */
const NO_DAY = new Date(0);

/** @typedef {import("./shapes.js").Visit} Visit @typedef {import("./shapes.js").Photo} Photo */

/**
 * @typedef {{ visit: Visit | undefined, notes: string, photos: Photo[],
 *   address(photo: Photo): string, user: string }} Content notes as typed, saved or not
 */

/** Prints what is shown, by the button once every picture is there, and by the browser's own command. */
export class Printer {
  #sheet;
  #content;
  #isReady = false;

  /** @param {HTMLElement} sheet @param {HTMLElement} button @param {() => Content} content */
  constructor(sheet, button, content) {
    this.#sheet = sheet;
    this.#content = content;
    button.addEventListener("click", () => void this.#print());
    addEventListener("beforeprint", () => this.#isReady || this.#fill());
    addEventListener("afterprint", () => sheet.replaceChildren());
  }

  #fill() {
    const content = this.#content();
    if (content.visit) this.#sheet.replaceChildren(...contentsOf(content, content.visit));
  }

  async #print() {
    this.#fill();
    const missing = await picturesMissing(this.#sheet);
    if (missing) return void toast(words.missing(missing));
    this.#isReady = true;
    print();
    this.#isReady = false;
  }
}

/** @param {Content} content @param {Visit} visit */
function contentsOf({ notes, photos, address, user }, visit) {
  const now = new Date().toISOString();
  const list = photos.map((photo, at) =>
    figure(photo, at + 1, photos.length, visit, address(photo)),
  );
  return [
    make("h1", "", name(labelOf(visit))),
    make("p", "", visitLine(visit, photos.length)),
    make("h2", "", words.notes),
    make("p", "print-notes", notes ? name(notes) : words.noNotes),
    make("div", "print-photos", ...list),
    make("p", "print-foot", words.printed(dated(now), user)),
  ];
}

/** @param {string} iso */
function dated(iso) {
  return when(iso, NO_DAY, words.locale);
}

/**
 * Waits for the pictures, a while at most.
 * @param {HTMLElement} sheet @returns {Promise<number>} how many are missing
 */
async function picturesMissing(sheet) {
  const images = [...sheet.querySelectorAll("img")];
  const loaded = Promise.allSettled(images.map((image) => image.decode()));
  await Promise.race([loaded, new Promise((done) => setTimeout(done, PATIENCE))]);
  return images.filter((image) => !image.complete || !image.naturalWidth).length;
}

/** @param {Visit} visit @param {number} count */
function visitLine(visit, count) {
  const opened = visit.kind === "visit" && words.opened(dated(visit.openedAt));
  const closed = visit.closedAt && `${words.closedMark} ${dated(visit.closedAt)}`;
  return [visit.secondIdentifier, opened, closed, words.photos(count)].filter(Boolean).join(" · ");
}

/** @param {Photo} photo @param {number} number @param {number} all @param {Visit} visit @param {string} address */
function figure(photo, number, all, visit, address) {
  const image = make("img", "");
  image.src = address;
  image.alt = words.photo(number);
  image.width = photo.width;
  image.height = photo.height;
  const whose = [labelOf(visit), words.photoOf(number, all)].join(" · ");
  const times = timesOf(photo, NO_DAY) + (photo.late ? ` · ${words.late}` : "");
  const lines = [siteOf(photo), photo.caption, times];
  const caption = make("figcaption", "", make("strong", "", whose));
  caption.append(...lines.filter(Boolean).map((line) => make("span", "", line)));
  return make("figure", "", image, caption);
}
