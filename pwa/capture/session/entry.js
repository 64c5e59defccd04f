/** What the phone's page does once, around its parts: at the start, at a tap that may come twice. */
import { phone as words } from "../../page/words/phone.js";
import { make } from "../../page/dom.js";

/** @import { Capturing } from "../camera/capturing.js" */
/** @import { Picked } from "../consultation/picked.js" */
/** @import { Pictures } from "../review/pictures.js" */
/** @import { State, Store } from "../store.js" */
/** @typedef {(method: string, path: string, body?: unknown) => Promise<unknown>} Send */

/** @param {Send} request @returns {Capturing["reopen"]} */
export const reopening = (request) => async (id, current) => {
  await request("PATCH", `/api/consultations/${id}`, { closed: false });
  if (current) await request("PUT", "/api/consultations/current", { consultationId: id });
};

/** Reports chosen files that an earlier page did not keep before it was closed. @param {Store} store @param {Picked} picked */
export async function reportLostFiles(store, picked) {
  const { owner } = store.state;
  const lost = owner ? await picked.lost(owner.id).catch(() => []) : [];
  for (const { all, kept } of lost)
    if (all > kept) store.showMessage(words.notKept(all - kept, all));
}

/** "Open camera" of the installed icon: as soon as the user is known. @param {Store} store @param {Capturing} capturing */
export function wantCamera(store, capturing) {
  if (new URLSearchParams(location.search).get("start") !== "camera") return;
  const open = (/** @type {State} */ { known, flow }) => {
    if (!known || !location.search) return;
    history.replaceState(history.state, "", location.pathname);
    if (flow.name === "connected") capturing.open();
  };
  store.show(open);
}

/** @param {Pictures} pictures @returns {import("../consultation/placing.js").Picture} */
export const pictureOf = (pictures) => async (photo) => {
  const address = await pictures.address(photo).catch(() => null);
  if (!address) return null;
  const image = make("img", "asked-photo");
  image.src = address;
  image.alt = "";
  image.onload = () => URL.revokeObjectURL(address);
  return image;
};

/** A second tap while the first is at work means the same. @template {any[]} T @param {(...given: T) => Promise<void>} act */
export function once(act) {
  /** @type {Promise<void>|null} */
  let under = null;
  return (/** @type {T} */ ...given) =>
    (under ??= act(...given).finally(() => {
      under = null;
    }));
}
