/**
 * The lines about photos that are not here: reported by a phone and never arrived, or still on one
 * after a day. They name no patient or user, say what to do, and go by themselves or by Dismiss.
 */
import { toast } from "../../page/toasts.js";
import { desktop as words } from "../../page/words/desktop.js";
import { button, icon, make } from "../../page/dom.js";
import { dayOf } from "../times.js";
import { errorMessage } from "./error-messages.js";

/** @typedef {import("../../shared/api-types.js").Unsent} Unsent @typedef {import("../../shared/api-types.js").UnsentPhoto} UnsentPhoto */
/** @typedef {{ kind: "warn" | "danger", text: string, photoIds: string[] }} Line */
/** @typedef {Pick<import("./routes.js").Routes, "unsent" | "dismiss">} Routes */

const EVERY = 30_000; // ms between fetches without a notification
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
  const reportedAt = Math.max(...photos.map(({ heardAt }) => Date.parse(heardAt)));
  const minutes = Math.max(0, Math.round((now.getTime() - reportedAt) / 60_000));
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
  #fetchedAt = -Infinity;
  #asked = 0;
  #shown = "";

  /** @param {HTMLElement} root @param {Routes} routes @param {() => number} [now] ms, never backwards */
  constructor(root, routes, now = () => performance.now()) {
    this.#root = root;
    this.#routes = routes;
    this.#now = now;
  }

  /** Fetches unless it did a moment ago. */
  refreshIfStale() {
    return this.#now() - this.#fetchedAt < EVERY ? Promise.resolve() : this.refresh();
  }

  /** Fetches now. Without an answer nothing changes: the page shows elsewhere that it is offline. */
  async refresh() {
    this.#fetchedAt = this.#now();
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
      await this.refresh();
    } catch (error) {
      void toast(errorMessage("dismiss", error));
    }
  }
}
