/** The parts of the product that a core history runs through, so that a control can replace one. */

import { answer, begin, hear, resume, unanswered } from "../../pwa/capture/consultation-guard.js";
import { initialState, step } from "../../pwa/queue/core.js";
import { judge } from "../../pwa/queue/receipts.js";

/**
 * `mine`: whose photos a sign-in may send; `declare`: what a request says about a photo, given what
 * the phone believes to be current; `judge`: what a receipt is worth.
 * @typedef {typeof PRODUCT} Product
 */

export const PRODUCT = {
  step,
  initialState,
  guard: { answer, begin, hear, resume, unanswered },
  mine: (/** @type {any} */ row, /** @type {string} */ owner) => row.owner === owner,
  declare: (/** @type {any} */ row, /** @type {any} */ _known) => row,
  judge,
};
