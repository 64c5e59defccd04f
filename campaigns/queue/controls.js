/** The control arms: products with a known fault, each of which the checker must report. */

import { failure } from "../../pwa/queue/errors.js";
import { PRODUCT } from "./product.js";

/** @import { Product } from "./product.js" */

const { step } = PRODUCT;

/** @type {Record<string, Product>} */
export const CONTROLS = {
  "erases on a bare 200": product({ step: receiptAfter(200), verifyReceipt: takesTheBare }),
  "takes 412 for a receipt": product({ step: receiptAfter(412), verifyReceipt: takesTheBare }),
  "counts a 401 against the photo": product({ step: counts401 }),
  "a poisoned photo holds up the others": product({ step: poisonBlocks }),
  "binds to what is current when sending": product({ declare: bindsLate }),
  "sends for whoever is signed in": product({ mine: () => true }),
  "backs off without a cap": product({ step: uncapped }),
  "compares nothing with the receipt": product({ verifyReceipt: trustsAnyReceipt }),
  "sends two at a time": product({ step: twoAtATime }),
  "follows the desktop without asking": product({ guard: followsSilently() }),
  "never confirms": product({ step: neverConfirms }),
  "parks when the link fails": product({ step: parksForTheLink }),
  "sends what it read ahead without asking": product({ asksAtItsTurn: false }),
};

/** @param {Partial<Product>} fault @returns {Product} */
function product(fault) {
  return { ...PRODUCT, ...fault };
}

/** @typedef {Product["step"]} Step */

const BARE = /** @type {any} */ ({ state: "stored" });

/** @param {number} status of the store @returns {Step} */
function receiptAfter(status) {
  return (state, event) => {
    const stepped = step(state, event);
    const { outcome } = /** @type {any} */ (event);
    if (event.type !== "put" || outcome.status !== status) return stepped;
    /** @type {any} */
    const settle = { type: "settle", photoId: event.photoId, receipt: BARE };
    return { ...stepped, effects: [...stepped.effects, settle] };
  };
}

/** @type {Product["verifyReceipt"]} */
function takesTheBare(record, receipt, user) {
  return receipt === BARE ? "stored" : PRODUCT.verifyReceipt(record, receipt, user);
}

/** @type {Step} */
function counts401(state, event) {
  const { outcome } = /** @type {any} */ (event);
  if (outcome?.failure?.concerns !== "person") return step(state, event);
  const blamed = { ...failure("not-stored"), reason: outcome.failure.reason };
  return step(state, /** @type {any} */ ({ ...event, outcome: { ...outcome, failure: blamed } }));
}

/** @type {Step} */
function poisonBlocks(state, event) {
  const stepped = step(state, event);
  const first = Math.min(...[...stepped.state.tasks.values()].map((task) => task.seq));
  const before = [...stepped.state.tasks.values()].find((task) => task.stage === "parked");
  if (!before || before.seq !== first) return stepped;
  const kept = stepped.effects.filter(({ type }) => type === "status" || type === "pause");
  return { state: { ...state, tasks: new Map([[before.photoId, before]]) }, effects: kept };
}

/** @type {Product["declare"]} */
function bindsLate(row, known) {
  const { id } = known.current ?? known.unfiled;
  return { ...row, consultationId: id };
}

/** @type {Step} */
function uncapped(state, event) {
  const stepped = step(state, event);
  const { failures } = stepped.state;
  if (failures <= state.failures) return stepped;
  const until = event.now + event.random * 1_000 * 2 ** failures;
  stepped.state.until = until;
  return { ...stepped, effects: stepped.effects.map((effect) => later(effect, until - event.now)) };
}

/** @param {any} effect @param {number} inMs */
function later(effect, inMs) {
  if (effect.type === "wake") return { ...effect, inMs };
  return effect.type === "pause" && effect.pause
    ? { ...effect, pause: { ...effect.pause, inMs } }
    : effect;
}

/** @type {Product["verifyReceipt"]} */
function trustsAnyReceipt(record) {
  return record.state === "deleting" ? "deleted" : "stored";
}

/** @type {Step} */
function twoAtATime(state, event) {
  const stepped = step(state, event);
  const put = stepped.effects.find((effect) => effect.type === "put");
  return put ? { ...stepped, effects: [...stepped.effects, put] } : stepped;
}

function followsSilently() {
  const { onServerUpdate } = PRODUCT.guard;
  return {
    ...PRODUCT.guard,
    onServerUpdate: (/** @type {any} */ session, /** @type {any} */ known) => {
      const { question } = onServerUpdate(session, known);
      return question?.kind === "moved"
        ? { consultation: question.to, declined: null, question: null }
        : { ...session, question };
    },
  };
}

/** @type {Step} */
function neverConfirms(state, event) {
  const stepped = step(state, event);
  return { ...stepped, effects: stepped.effects.filter(({ type }) => type !== "complete") };
}

/** @type {Step} */
function parksForTheLink(state, event) {
  const { outcome } = /** @type {any} */ (event);
  if (outcome?.failure?.concerns !== "link") return step(state, event);
  const parked = { ...outcome.failure, concerns: "photo", action: "park" };
  return step(state, /** @type {any} */ ({ ...event, outcome: { ...outcome, failure: parked } }));
}
