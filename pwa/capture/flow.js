/**
 * What the phone's page is doing, as a pure function of state and event.
 *
 * `uploading` means that a photo of this page's last Upload is moving now; with nothing moving the
 * page is `connected`, however many photos wait. `error` means that no photo could be taken or kept.
 */

/** @typedef {"connected"|"camera"|"reviewing"|"uploading"|"error"} MobileState */
/** @typedef {"home"|"camera"|"reviewing"} Screen */
/** @typedef {"storage"|"silent"|"no-input"} ErrorReason silent: storage that does not answer */

/**
 * @typedef {object} Flow
 * @property {MobileState} name
 * @property {Screen} screen where the page returns to once an error is gone
 * @property {ReadonlyArray<string>} batch photo ids of the last Upload
 * @property {boolean} moving whether one of them is being sent or confirmed
 * @property {ErrorReason|null} error
 */

/**
 * @typedef {{type: "open-camera"} | {type: "close-camera"} | {type: "review"} | {type: "leave"}
 *   | {type: "upload", photoIds: string[]} | {type: "moving", photoIds: string[]}
 *   | {type: "drop", photoId: string} | {type: "fail", reason: ErrorReason} | {type: "recover"}} FlowEvent
 *   `moving` carries every photo that is being sent or confirmed, by any page or worker.
 */

/** @type {Readonly<Flow>} */
export const START = Object.freeze({
  name: "connected",
  screen: "home",
  batch: [],
  moving: false,
  error: null,
});

/** @type {{[type: string]: (flow: Flow, event: any) => Partial<Flow>}} */
const STEPS = {
  "open-camera": ({ error }) => (error ? {} : { screen: "camera" }),
  "close-camera": () => ({ screen: "home" }),
  review: ({ error }) => (error ? {} : { screen: "reviewing" }),
  leave: () => ({ screen: "home" }),
  upload: (_, { photoIds }) => ({ screen: "home", batch: photoIds, moving: false }),
  moving: ({ batch }, { photoIds }) => ({
    moving: photoIds.some((/** @type {string} */ id) => batch.includes(id)),
  }),
  drop: ({ batch }, { photoId }) => ({ batch: batch.filter((id) => id !== photoId) }),
  fail: (_, { reason }) => ({ screen: "home", error: reason }),
  recover: () => ({ error: null }),
};

/**
 * The state after an event; the same object when nothing changed.
 * @param {Flow} flow
 * @param {FlowEvent} event
 * @returns {Flow}
 */
export function transition(flow, event) {
  const next = { ...flow, ...STEPS[event.type](flow, event) };
  next.name = nameOf(next);
  const same = /** @type {(keyof Flow)[]} */ (Object.keys(next)).every(
    (key) => next[key] === flow[key],
  );
  return same ? flow : next;
}

/** @param {Flow} flow @returns {MobileState} */
function nameOf({ error, screen, moving }) {
  if (error) return "error";
  if (screen !== "home") return screen;
  return moving ? "uploading" : "connected";
}
