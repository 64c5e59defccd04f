/** One photo in the gallery: the picture whole, what and where it is, when it was taken. */
import { asWritten } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { icon, make } from "../../page/dom.js";
import { apart, when } from "../times.js";
import { PictureSource } from "./picture-source.js";

/** @typedef {import("../../shared/api-types.js").Photo} Photo @typedef {import("../../shared/api-types.js").Consultation} Consultation */

export class Tile {
  #image = document.createElement("img");
  #source = new PictureSource();
  #frame = make("span", "frame", this.#image);
  #words = make("span", "tile-words");
  #button;
  #drawn = "";
  element;

  /** @type {HTMLElement | null} */
  #question = null;
  #asked = "";

  /** @param {string} id */
  constructor(id) {
    this.#image.loading = "lazy";
    this.#image.decoding = "async";
    this.#button = make("button", "tile", this.#frame, this.#words);
    this.#button.type = "button";
    this.#button.dataset.photo = id;
    this.element = make("li", "", this.#button);
    this.#image.addEventListener("load", () => this.element.classList.remove("is-broken"));
  }

  /** Of the picture, photo or thumbnail. @returns {string | undefined} only once it has loaded */
  get pictureAddress() {
    const loaded = this.#image.complete && this.#image.naturalWidth > 0;
    return loaded ? this.#image.src : undefined;
  }

  /** @returns {string | undefined} only once the photo itself has loaded */
  get photoAddress() {
    return this.#source.isPhoto ? this.pictureAddress : undefined;
  }

  /** @param {Photo} photo @param {number} number */
  fill(photo, number) {
    this.#show(this.#source.offer(photo));
    const drawn = JSON.stringify([{ ...photo, url: "", thumbnailUrl: "" }, number]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#image.width = photo.width;
    this.#image.height = photo.height;
    this.#image.alt = words.photo(number);
    this.#words.replaceChildren(...tileWords(photo));
  }

  /**
   * The question about the photo's place stands below it; redrawn only where it differs.
   * @param {HTMLElement | null} question
   */
  ask(question) {
    const asked = question?.textContent ?? "";
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#question?.remove();
    this.#question = question;
    if (question) this.element.append(question);
  }

  /** @param {string | null} address */
  #show(address) {
    if (address) this.#image.src = address;
  }

  /** @returns {boolean} whether another address is tried instead */
  failed() {
    const next = this.#source.failed();
    this.#show(next);
    if (next) return true;
    this.element.classList.add("is-broken");
    this.#frame.dataset.broken = words.brokenPhoto;
    return false;
  }

  /** @param {boolean} isReachable by Tab */
  reachable(isReachable) {
    this.#button.tabIndex = isReachable ? 0 : -1;
  }

  focus() {
    this.#button.focus();
  }
}

/** @param {Photo} photo */
function tileWords(photo) {
  const site = siteOf(photo);
  const parts = [
    site ? asWritten(make("span", "site", site)) : make("span", "site muted", words.noSite),
  ];
  if (photo.caption) parts.push(asWritten(make("span", "tile-caption", photo.caption)));
  const times = make("span", "muted tile-time", timesOf(photo));
  if (photo.late) times.append(lateMark());
  parts.push(times);
  return parts;
}

/** Side, body site and view, such as "Left forearm, close-up". @param {Photo} photo */
export function siteOf({ side, bodySite, view }) {
  const leads = side === "left" || side === "right";
  const site = leads ? `${words.sides[side]} ${bodySite}`.trim() : bodySite;
  const parts = [site, !leads && side && words.sides[side], view && words.views[view]];
  const text = parts.filter(Boolean).join(", ").toLocaleLowerCase(words.locale);
  return text.charAt(0).toLocaleUpperCase(words.locale) + text.slice(1);
}

/**
 * The time taken, and the time received where the two lie apart.
 * @param {Photo} photo @param {Date} [now] the day that is left out
 */
export function timesOf(photo, now = new Date()) {
  const taken = when(photo.capturedAt, now, words.locale);
  const deviceTime = photo.deviceCapturedAt;
  const times = apart(photo)
    ? words.bothTimes(taken, when(photo.receivedAt, now, words.locale))
    : taken;
  // The phone's clock was wrong: the corrected time, then the phone's own.
  if (!deviceTime || !apart({ capturedAt: deviceTime, receivedAt: photo.capturedAt })) return times;
  return words.phoneSaid(times, when(deviceTime, now, words.locale));
}

export function lateMark() {
  const mark = make("span", "badge", icon("clock"), words.late);
  mark.title = words.lateHint;
  return mark;
}
