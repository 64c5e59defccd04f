/**
 * The quiet lines about photos that are not here: announced by a phone and never arrived, or still on
 * one after a day. They name nobody, say what to do, and go by themselves or when they are dismissed.
 */
import { toast } from "../page/toasts.js";
import { desktop as words } from "../page/words-desktop.js";
import { button, icon, make } from "./dom.js";
import { dayOf } from "./times.js";
import { trouble } from "./troubles.js";

/** @typedef {import("./shapes.js").Unsent} Unsent @typedef {import("./shapes.js").UnsentPhoto} UnsentPhoto */
/** @typedef {{ kind: "warn" | "danger", text: string, photoIds: string[] }} Line */
/** @typedef {Pick<import("./routes.js").Routes, "unsent" | "dismiss">} Routes */

const EVERY = 30_000; // ms between looks that nothing has hinted at
const URGENT_HOURS = 72;

/** @param {Unsent} unsent @returns {Line[]} */
export function linesOf({ photos, serverTime }) {
  const now = new Date(serverTime);
  const missing = photos.filter(({ state }) => state === "missing");
  const waiting = photos.filter(({ state }) => state === "waiting");
  return [...missingLine(missing, now), ...waitingLine(waiting, now)];
}

/** @param {UnsentPhoto[]} photos @param {Date} now @returns {Line[]} */
function missingLine(photos, now) {
  if (!photos.length) return [];
  const heard = Math.max(...photos.map(({ heardAt }) => Date.parse(heardAt)));
  const minutes = Math.max(0, Math.round((now.getTime() - heard) / 60_000));
  const text = words.neverArrived(photos.length, words.ago(minutes));
  return [{ kind: "warn", text, photoIds: photos.map(({ photoId }) => photoId) }];
}

/** @param {UnsentPhoto[]} photos @param {Date} now @returns {Line[]} */
function waitingLine(photos, now) {
  if (!photos.length) return [];
  const taken = photos.map(({ capturedAt }) => capturedAt).sort();
  const day = dayOf(taken[0], now, words.locale);
  const oneDay = day === dayOf(taken[taken.length - 1], now, words.locale);
  const urgent = photos.some(({ waitingHours }) => waitingHours >= URGENT_HOURS);
  const text = words.stillOnPhone(photos.length, day, { oneDay, urgent });
  const photoIds = photos.map(({ photoId }) => photoId);
  return [{ kind: urgent ? "danger" : "warn", text, photoIds }];
}

export class PhoneWatch {
  #root;
  #routes;
  #now;
  #lookedAt = -Infinity;
  #asked = 0;
  #shown = "";

  /** @param {HTMLElement} root @param {Routes} routes @param {() => number} [now] ms, never backwards */
  constructor(root, routes, now = () => performance.now()) {
    this.#root = root;
    this.#routes = routes;
    this.#now = now;
  }

  /** Looks unless it did a moment ago. */
  glance() {
    return this.#now() - this.#lookedAt < EVERY ? Promise.resolve() : this.look();
  }

  /** Looks now. An answer that does not come changes nothing: the page says elsewhere that it is cut off. */
  async look() {
    this.#lookedAt = this.#now();
    const asked = ++this.#asked;
    const unsent = await this.#routes.unsent().catch(() => null);
    if (unsent && asked === this.#asked) this.#show(linesOf(unsent));
  }

  /** @param {Line[]} lines */
  #show(lines) {
    const shown = JSON.stringify(lines);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#root.replaceChildren(...lines.map((line) => this.#note(line)));
  }

  /** @param {Line} line */
  #note({ kind, text, photoIds }) {
    const put = button(words.dismiss, () => void this.#dismiss(photoIds));
    return make("div", `note ${kind}`, icon("alert"), make("p", "", text), put);
  }

  /** @param {string[]} photoIds those that were shown, and none that came since */
  async #dismiss(photoIds) {
    try {
      await this.#routes.dismiss(photoIds);
      await this.look();
    } catch (error) {
      void toast(trouble("dismiss", error));
    }
  }
}
