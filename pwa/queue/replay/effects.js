/**
 * Runs the core's effects: each begins with the queue store and ends with an event for the core. A
 * photo's bytes live only inside its own PUT and the one before it.
 */

/** @import { QueueStore } from "./queue-store.js" */
/** @import { ReadAhead } from "./overlap/read-ahead.js" */
/** @import { Settling } from "./overlap/settling.js" */
/** @import { Effect, ReplayEvent } from "./state.js" */
/** @import { Uploader } from "./uploader.js" */

/**
 * @typedef {{queueStore: QueueStore, ahead: ReadAhead, settling: Settling, network: Uploader,
 *   owner: string, signal: AbortSignal}} EffectContext
 */
/** @typedef {Exclude<Effect, {type: "finish" | "wake"}>} RunnableEffect */
/**
 * @template {RunnableEffect["type"]} T
 * @typedef {Extract<RunnableEffect, {type: T}>} EffectOf
 */

/**
 * @param {EffectContext} context
 * @param {RunnableEffect} effect
 * @returns {Promise<ReplayEvent | null>} null for an effect without an event
 */
export async function runEffect(context, effect) {
  switch (effect.type) {
    case "presign":
      return presign(context, effect);
    case "put":
      return put(context, effect);
    case "complete":
      return complete(context, effect);
    case "delete":
      return remove(context, effect);
    case "settle":
      return settlePhoto(context, effect);
    case "status":
      await context.queueStore.writeStatus(effect.updates);
      return null;
    default:
      await context.queueStore.writePause(effect.pause);
      return null;
  }
}

/**
 * @param {EffectContext} context
 * @param {EffectOf<"presign">} effect
 * @returns {Promise<ReplayEvent>}
 */
async function presign({ queueStore, network, owner, signal }, { photoIds }) {
  const records = await queueStore.markSigned(photoIds, owner);
  const asked = records.map((record) => record.photoId);
  const outcome =
    records.length === 0
      ? { ok: /** @type {const} */ (true), results: [] }
      : await network.presign(records, signal);
  const dropped = photoIds.filter((photoId) => !asked.includes(photoId));
  return { type: "presigned", photoIds: asked, dropped, outcome };
}

/**
 * @param {EffectContext} context
 * @param {EffectOf<"put">} effect
 * @returns {Promise<ReplayEvent>}
 */
async function put({ queueStore, ahead, network, owner, signal }, effect) {
  const { photoId, upload, updates, next } = effect;
  const claim = await queueStore.claimPhoto(photoId, owner, updates, ahead.take(photoId));
  if ("refused" in claim) return { type: "put", photoId, outcome: claim };
  const sending = network.put(upload, claim.record, claim.bytes, signal);
  ahead.begin(next);
  const outcome = await sending;
  return { type: "put", photoId, outcome };
}

/**
 * @param {EffectContext} context
 * @param {EffectOf<"complete">} effect
 * @returns {Promise<ReplayEvent>}
 */
async function complete({ queueStore, network, owner, signal }, { photoId }) {
  const record = await queueStore.readRecord(photoId, owner);
  if (!record) return { type: "gone", photoId };
  return { type: "completed", photoId, outcome: await network.complete(record, signal) };
}

/**
 * @param {EffectContext} context
 * @param {EffectOf<"delete">} effect
 * @returns {Promise<ReplayEvent>}
 */
async function remove({ queueStore, network, owner, signal }, { photoId }) {
  const record = await queueStore.readRecord(photoId, owner);
  if (!record) return { type: "gone", photoId };
  return { type: "deleted", photoId, outcome: await network.remove(record, signal) };
}

/**
 * @param {EffectContext} context
 * @param {EffectOf<"settle">} effect
 * @returns {Promise<ReplayEvent>}
 */
async function settlePhoto({ settling }, { photoId, receipt }) {
  return { type: "settled", photoId, state: await settling.settle(photoId, receipt) };
}
