/** The parts of the product that a core history runs through, so that a control can replace one. */

import {
  answer,
  begin,
  onServerUpdate,
  resume,
  unanswered,
} from "../../pwa/capture/consultation/consultation-guard.js";
import { initialState, step } from "../../pwa/queue/replay/reducer.js";
import { verifyReceipt } from "../../pwa/queue/replay/receipts.js";

/**
 * `mine`: whose photos a sign-in may send; `declare`: what a request says about a photo, given what
 * the phone knows to be current; `verifyReceipt`: what a receipt confirms; `asksAtItsTurn`: whether a
 * photo that was read ahead may still leave is asked when it is sent.
 * @typedef {typeof PRODUCT} Product
 */

export const PRODUCT = {
  step,
  initialState,
  guard: { answer, begin, onServerUpdate, resume, unanswered },
  mine: (/** @type {any} */ row, /** @type {string} */ owner) => row.owner === owner,
  declare: (/** @type {any} */ row, /** @type {any} */ _known) => row,
  verifyReceipt,
  asksAtItsTurn: true,
};
