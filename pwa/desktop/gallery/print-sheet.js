/** The print view: notes, photos, captions and times; each photo carries whose it is. */
import { name } from "../../page/names.js";
import { toast } from "../../page/toasts.js";
import { desktop as words } from "../../page/words/desktop.js";
import { make } from "../../page/dom.js";
import { dotted, labelOf } from "../consultations/identity.js";
import { notConfirmed } from "../consultations/place-question.js";
import { siteOf, timesOf } from "./tile.js";
import { when } from "../times.js";

const PICTURES_LIMIT_MS = 15_000;
/** Every time is printed with its day: paper outlives today. */
const NO_DAY = new Date(0);

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation @typedef {import("../../shared/api-types.js").Photo} Photo */

/**
 * @typedef {{ consultation: Consultation | undefined, consultations: Consultation[], notes: string, photos: Photo[],
 *   address(photo: Photo): string, user: string }} Content notes as typed, saved or not
 */

/**
 * Prints what is shown: by the button and its key once every photo is there; by the browser's own command,
 * which waits for nothing, with the pictures that are on the screen.
 */
export class Printer {
  #sheet;
  #content;
  #isReady = false;

  /** @param {HTMLElement} sheet @param {HTMLElement} button @param {(isAwaited: boolean) => Content} content */
  constructor(sheet, button, content) {
    this.#sheet = sheet;
    this.#content = content;
    button.addEventListener("click", () => void this.#print());
    addEventListener("keydown", (event) => {
      if (!isPrint(event)) return;
      event.preventDefault();
      void this.#print();
    });
    addEventListener("beforeprint", () => this.#isReady || this.#fill(false));
    addEventListener("afterprint", () => sheet.replaceChildren());
  }

  /** @param {boolean} isAwaited whether the pictures have time to load */
  #fill(isAwaited) {
    const content = this.#content(isAwaited);
    if (content.consultation)
      this.#sheet.replaceChildren(...contentsOf(content, content.consultation));
  }

  async #print() {
    this.#fill(true);
    const missing = await picturesMissing(this.#sheet);
    if (missing) return void toast(words.missing(missing));
    this.#isReady = true;
    print();
    this.#isReady = false;
  }
}

/** Ctrl+P, or Command+P. @param {KeyboardEvent} press */
const isPrint = ({ key, ctrlKey, metaKey, altKey, shiftKey }) =>
  key.toLowerCase() === "p" && (ctrlKey || metaKey) && !altKey && !shiftKey;

/** @param {Content} content @param {Consultation} consultation */
function contentsOf({ consultations, notes, photos, address, user }, consultation) {
  const now = new Date().toISOString();
  const list = photos.map((photo, at) => {
    const number = words.photoOf(at + 1, photos.length);
    return figure(photo, [...whose(consultation), number], consultations, address(photo));
  });
  return [
    make("h1", "", name(labelOf(consultation))),
    make("p", "", ...consultationLine(consultation, photos.length)),
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
  await Promise.race([loaded, new Promise((done) => setTimeout(done, PICTURES_LIMIT_MS))]);
  return images.filter((image) => !image.complete || !image.naturalWidth).length;
}

/** @param {Consultation} consultation @param {number} count */
function consultationLine(consultation, count) {
  const opened = consultation.kind === "visit" && words.opened(dated(consultation.openedAt));
  const closed = consultation.closedAt && words.closedAt(dated(consultation.closedAt));
  return dotted([second(consultation), opened, closed, words.photos(count)]);
}

/** @param {Consultation} consultation */
const second = ({ secondIdentifier }) => secondIdentifier && name(secondIdentifier);

/** On every photo, since figures are cut out and pages fall apart. @param {Consultation} consultation */
function whose(consultation) {
  if (consultation.kind === "unfiled") return [name(labelOf(consultation))];
  return [
    name(labelOf(consultation)),
    second(consultation),
    words.opened(dated(consultation.openedAt)),
  ];
}

/** @param {Photo} photo @param {(Node | string | null)[]} heading @param {Consultation[]} consultations @param {string} address */
function figure(photo, heading, consultations, address) {
  const image = make("img", "");
  image.src = address;
  image.alt = String(heading[heading.length - 1]);
  image.width = photo.width;
  image.height = photo.height;
  const times = timesOf(photo, NO_DAY) + (photo.late ? ` · ${words.late}` : "");
  const caption = make("figcaption", "", make("strong", "", ...dotted(heading)));
  const doubt = notConfirmed(photo, consultations);
  if (doubt) caption.append(make("strong", "print-doubt", doubt));
  const lines = [siteOf(photo), photo.caption, times];
  caption.append(...lines.filter(Boolean).map((line) => make("span", "", line)));
  return make("figure", "", image, caption);
}
