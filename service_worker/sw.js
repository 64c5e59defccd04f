/** The service worker: listeners only. What they do can be read, and run in Node, elsewhere. */

import { isPhone } from "./addresses.js";
import { PRECACHE } from "./precache.js";
import { handleMessage, sync } from "./replay.js";
import { activateShell, answer, installShell } from "./shell.js";
import { SYNC_TAG } from "../pwa/queue/messages.js";

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const { origin } = worker.location;
const phone = isPhone(worker.navigator.userAgent);
const parts = { caches: worker.caches, fetch: worker.fetch.bind(worker), origin, phone };

worker.addEventListener("install", (event) => {
  event.waitUntil(installShell(PRECACHE, parts));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(activateShell(PRECACHE, worker.caches).then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const response = answer(event.request, PRECACHE, parts);
  if (response) event.respondWith(response);
});

worker.addEventListener("message", (event) => {
  const work = handleMessage(worker, event, origin);
  if (work) event.waitUntil(work);
});

// Background Sync exists in Chromium only, and in no type library.
worker.addEventListener("sync", (/** @type {any} */ event) => {
  if (event.tag === SYNC_TAG) event.waitUntil(sync(worker));
});
