/** What the phone around the page offers: a screen that stays on, installing, durable storage. */

import { withLimit } from "../shared/clock.js";

const ANSWER = 3000; // ms
const CONSENT = 60_000; // ms; some browsers ask the user about it

/** Keeps the screen on while photos are being sent; a refusal changes nothing. */
export class WakeLock {
  /** @type {WakeLockSentinel|null} */
  #lock = null;
  #wanted = false;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#take());
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) return void this.#take();
    void this.#lock?.release();
    this.#lock = null;
  }

  async #take() {
    // A hidden page has lost its lock; it is taken again when the page is visible again.
    if (!this.#wanted || document.hidden) return;
    // Nothing waits for it: where it never answers the screen goes dark as usual.
    const lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (this.#wanted) this.#lock = lock;
    else void lock?.release();
  }
}

/** Installing, where the browser lets a page offer it. */
export class Install {
  /** @type {any} */
  #prompt = null;

  constructor() {
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.#prompt = event;
    });
    addEventListener("appinstalled", () => (this.#prompt = null));
  }

  get offered() {
    return !!this.#prompt;
  }

  offer() {
    void this.#prompt?.prompt();
    this.#prompt = null;
  }
}

/** Safari on iOS installs by hand only: whether to show how. */
export const installsByHand = () =>
  "standalone" in navigator && !navigator.standalone && navigator.maxTouchPoints > 1;

/** Whether the browser has promised already, asked without a prompt to the user. */
export async function isDurable() {
  const asked = navigator.storage?.persisted?.();
  return (await withLimit(asked, ANSWER, "persisted").catch(() => false)) ?? false;
}

/** Asks that photos are not cleared when space runs low. Whether the browser promised it. */
export async function askDurable() {
  const asked = navigator.storage?.persist?.();
  return (await withLimit(asked, CONSENT, "persist").catch(() => false)) ?? false;
}
