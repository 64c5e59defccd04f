/** A stage for the shutter: the real store, flow and guard, a camera and a shot list that only remember. */

import { Capturing } from "../../../pwa/capture/camera/capturing.js";
import { Choosing } from "../../../pwa/capture/consultation/choosing.js";
import { Confirming } from "../../../pwa/capture/consultation/confirming.js";
import { Placing } from "../../../pwa/capture/consultation/placing.js";
import { Store, UNKNOWN } from "../../../pwa/capture/store.js";
import { withPlace } from "../../../pwa/queue/photo-record.js";

// Node 20 has none; the shutter only asks it to vibrate.
globalThis.navigator ??= /** @type {any} */ ({});

const UNFILED = { id: "unfiled", label: "Unfiled", kind: "unfiled", openedAt: "" };

/** By both clocks. */
export const moment = () => ({ wall: Date.now(), still: performance.now() });

/** @param {{id: string, label: string}} consultation */
export const bindingFor = (consultation) => ({
  kind: "visit",
  openedAt: "2026-03-01T10:00:00Z",
  secondIdentifier: null,
  ...consultation,
});

/**
 * @param {{current: {id: string, label: string}, ago?: number}} answer the server's last one, ms ago
 */
export function started({ current, ago = 0 }) {
  const { wall, still } = moment();
  const known = {
    ...{ current: bindingFor(current), unfiled: UNFILED, moves: [] },
    ...{ confirmedAt: wall - ago, heardAt: still - ago },
  };
  const owner = { id: "user_anna", name: "anna" };
  /** @type {any[]} */
  const taken = [];
  const store = new Store({ ...UNKNOWN, owner, known });
  const list = (/** @type {any[]} */ photos) =>
    store.set({ listing: { ...store.state.listing, photos } });
  /** @type {any} a queue whose photos are what the store lists */
  const queue = {
    place: async (/** @type {string[]} */ ids, /** @type {any} */ to) =>
      list(
        store.state.listing.photos.map((photo) =>
          ids.includes(photo.photoId) ? withPlace(photo, to, "2026-03-01T11:00:00Z") : photo,
        ),
      ),
  };
  const shots = /** @type {any} */ ({
    full: false,
    add(/** @type {unknown} */ _, /** @type {any} */ frozen) {
      taken.push(frozen);
      const record = { ...frozen, state: "captured", everSigned: false, seq: taken.length };
      list([...store.state.listing.photos, record]);
      return Promise.resolve(true);
    },
  });
  const camera = /** @type {any} */ ({
    ready: true,
    grab: () => ({}),
    start: async () => {},
    stop() {},
  });
  /** What dialogs asked, and the answers that are left. */
  const dialogs = { asked: /** @type {string[]} */ ([]), answers: /** @type {string[]} */ ([]) };
  const ask = async (/** @type {{text: string}} */ { text }) => {
    dialogs.asked.push(text);
    return dialogs.answers.shift() ?? null;
  };
  const placing = new Placing(
    store,
    queue,
    async () => {},
    async () => {},
    async () => null,
    (question) => ask(question),
  );
  const picked = { follow: async () => {} };
  const confirming = new Confirming(store);
  const capturing = new Capturing(store, camera, shots, placing, confirming);
  const choosing = new Choosing(store, { ask, capturing, confirming, placing, picked, shots });
  const stage = { known, taken, store, camera, shots, capturing, choosing, confirming, dialogs };
  confirming.askServer = async () => (
    capturing.onServerUpdate(confirmed(stage, known.current)),
    true
  );
  return stage;
}

/** The server's answer of this moment. @param {any} stage @param {any} current */
export function confirmed(stage, current) {
  const { wall, still } = moment();
  const { unfiled } = stage.known;
  return { current: current && bindingFor(current), unfiled, confirmedAt: wall, heardAt: still };
}

/** The promises between an answer of the server and the screen. */
export async function turns() {
  for (let turn = 0; turn < 20; turn++) await null;
}

/** @param {{store: Store}} stage */
export const flowState = (stage) => stage.store.state.flow.name;
