/**
 * The worker's part in the replay: it wires the shared replay to the worker's own parts and answers
 * `sync`, so that the browser comes back while photos remain. Nothing is kept between events.
 */

import { sendInventory } from "../pwa/queue/inventory.js";
import { realClock, within, withLimit } from "../pwa/shared/clock.js";
import { QueueStore } from "../pwa/queue/replay/queue-store.js";
import { LOCK } from "../pwa/queue/replay/lock.js";
import { messageOf } from "../pwa/queue/messages.js";
import { openQueue } from "../pwa/queue/queue.js";
import { replay } from "../pwa/queue/replay/replay.js";
import { SessionChannel } from "../pwa/shared/session-channel.js";
import { checkTimes } from "../pwa/queue/shutter-times.js";
import { Uploader } from "../pwa/queue/replay/uploader.js";
import { pageTokens } from "./tokens.js";

/** @import { DeviceInventory } from "../pwa/queue/inventory.js" */
/** @import { Clock } from "../pwa/shared/clock.js" */
/** @import { Outcome } from "../pwa/queue/replay/replay.js" */

/** @typedef {Pick<ServiceWorkerGlobalScope, "clients" | "fetch" | "navigator" | "skipWaiting">} Worker */

/** Chromium ends a sync event after three minutes; what is under way then must be over by itself. */
const SYNC_BUDGET_MS = 120_000;
const SYNC_LIMIT_MS = 170_000;

/** A browser that cannot name its pages holds up no replay: no page counts as visible then. */
const PAGES_MS = 3_000;

/** Outcomes of a run to which the server still answered at its end. */
const REACHED = new Set(["drained", "stopped"]);

/** Outcomes after which coming back by itself would help. */
const UNFINISHED = new Set(["waiting", "stopped", "busy", "aborted"]);

/**
 * @param {Worker} worker
 * @returns {Promise<Outcome>}
 */
function drain(worker) {
  return run(worker, new AbortController().signal, { wait: false });
}

/**
 * Waits for its turn, so that a second `sync` cannot end well while the first still works.
 * @param {Worker} worker
 * @param {Clock} [clock]
 * @returns {Promise<void>} rejects while photos remain, so that the browser tries again
 */
export async function sync(worker, clock = realClock) {
  const options = { wait: true, budgetMs: SYNC_BUDGET_MS };
  const outcome = await within(clock, SYNC_LIMIT_MS, undefined, (limit) =>
    run(worker, limit, options),
  );
  if (UNFINISHED.has(outcome)) throw new Error(`photos remain: ${outcome}`);
}

/**
 * An update takes over between two replays, never in one.
 * @param {Worker} worker
 */
export async function skipWaitingWhenIdle(worker) {
  await worker.navigator.locks.request(LOCK, () => worker.skipWaiting());
}

/**
 * @param {Worker} worker
 * @param {{data: unknown, origin: string}} event
 * @param {string} origin
 * @returns {Promise<unknown> | null} what to wait for
 */
export function handleMessage(worker, event, origin) {
  switch (messageOf(event, origin)?.type) {
    case "drain":
      return drain(worker);
    case "skip-waiting":
      return skipWaitingWhenIdle(worker);
    default:
      return null;
  }
}

/**
 * @param {Worker} worker
 * @param {AbortSignal} signal
 * @param {{wait: boolean, budgetMs?: number}} options
 * @returns {Promise<Outcome>}
 */
async function run(worker, signal, options) {
  const queue = await openQueue();
  const channel = new SessionChannel();
  const over = new AbortController();
  signal.addEventListener("abort", () => over.abort(), { once: true });
  channel.listen(() => over.abort());
  try {
    const network = new Uploader({
      fetch: worker.fetch.bind(worker),
      clock: realClock,
      credentials: { token: pageTokens(worker.clients) },
    });
    const { locks } = worker.navigator;
    await checkTimes(queue.database, worker.fetch.bind(worker), signal).catch(() => undefined);
    const outcome = await replay({
      ...options,
      ...{ signal: over.signal, network, locks },
      queueStore: new QueueStore(queue),
      clock: realClock,
      random: Math.random,
      visible: () => isVisible(worker),
    });
    const send = (/** @type {DeviceInventory} */ list) => network.sendInventory(list, signal);
    if (REACHED.has(outcome)) await sendInventory({ database: queue.database, locks, send });
    return outcome;
  } finally {
    channel.close();
    await queue.close();
  }
}

/** @param {Worker} worker */
async function isVisible({ clients }) {
  const asked = clients.matchAll({ type: "window", includeUncontrolled: true });
  const pages = await withLimit(asked, PAGES_MS, "clients").catch(() => []);
  return pages.some((page) => page.visibilityState === "visible");
}
