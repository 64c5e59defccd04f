/** A stage for the shutter: the real store and flow, a camera and a shot list that only remember. */

import { Store, UNKNOWN } from "../../pwa/capture/store.js";

// Node 20 has none; the shutter only asks it to vibrate.
globalThis.navigator ??= /** @type {any} */ ({});

const UNFILED = { id: "unfiled", label: "Unfiled", kind: "unfiled", openedAt: "" };

/**
 * @param {{current: {id: string, label: string}}} word the server's last one, a moment ago
 */
export function started({ current }) {
  const visit = { kind: "visit", openedAt: "2026-03-01T10:00:00Z", ...current };
  const known = { current: visit, unfiled: UNFILED, confirmedAt: Date.now() };
  const owner = { id: "user_anna", name: "anna" };
  /** @type {any[]} */
  const taken = [];
  return {
    known,
    taken,
    store: new Store({ ...UNKNOWN, owner, known }),
    camera: /** @type {any} */ ({
      ready: true,
      grab: () => ({}),
      start: async () => {},
      stop() {},
    }),
    shots: /** @type {any} */ ({
      full: false,
      add: (/** @type {unknown} */ _, /** @type {unknown} */ frozen) => taken.push(frozen),
    }),
  };
}

/** @param {ReturnType<typeof started>} stage */
export const flowState = (stage) => stage.store.state.flow.name;
