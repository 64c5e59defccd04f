/**
 * The app shell: the files of one version, fetched past the HTTP cache, checked one by one and
 * switched to all at once. Nothing from /api and no photo is ever cached.
 */

import { sha256Hex } from "../pwa/queue/hash.js";
import { withLimit } from "../pwa/shared/clock.js";
import { pageOf } from "./addresses.js";
import { offlineAnswer } from "./offline.js";

/** @typedef {{version: string, assets: {url: string, sha256: string}[]}} Precache */

const PREFIX = "shell-";
const CACHE_MS = 5_000; // a cache that does not answer must not keep the page from the network

/** The only page that works without a network; it holds no user data. */
const SHELL = "/mobile";

/** @type {Record<string, string>} */
const TYPES = {
  js: "text/javascript",
  css: "text/css",
  png: "image/png",
  svg: "image/svg+xml",
  ico: "image/",
  webp: "image/webp",
  webmanifest: "application/manifest+json",
  json: "application/json",
  woff2: "font/woff2",
};

/**
 * Fills the cache of this version; rejects, and leaves nothing behind, if one file is not exactly
 * the listed one.
 * @param {Precache} precache
 * @param {{caches: CacheStorage, fetch: typeof globalThis.fetch}} parts
 */
export async function installShell({ version, assets }, { caches, fetch }) {
  const name = PREFIX + version;
  try {
    const cache = await caches.open(name);
    const checked = await Promise.all(assets.map((asset) => fetchAsset(asset, fetch)));
    await Promise.all(checked.map((response, i) => cache.put(assets[i].url, response)));
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
}

/**
 * Deletes the shells of other versions.
 * @param {Precache} precache
 * @param {CacheStorage} caches
 */
export async function activateShell({ version }, caches) {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== PREFIX + version);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/**
 * Decides, at once, whether a request is ours to answer.
 * @param {Request} request
 * @param {Precache} precache
 * @param {{caches: CacheStorage, fetch: typeof globalThis.fetch, origin: string, phone: boolean}} parts
 *   `phone`: whether the server would lead `/` to the phone's page
 * @returns {Promise<Response> | null} null leaves it to the browser
 */
export function answer(request, precache, { caches, fetch, origin, phone }) {
  const { origin: target, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || target !== origin) return null;
  const listed = precache.assets.some((asset) => asset.url === pathname);
  if (request.mode === "navigate") return navigation(request, pathname, listed);
  return listed ? fromShell(pathname, request) : null;

  /** @type {(request: Request, path: string, listed: boolean) => Promise<Response> | null} */
  function navigation(request, path, listed) {
    if (path === SHELL && listed) return fromShell(SHELL, request);
    const page = pageOf(path);
    if (page && page !== path) return lead(page);
    if (!page && path !== "/") return null;
    // On a phone the start page leads to the one page that needs no network.
    return fetch(request).catch(() =>
      path === "/" && phone ? lead(SHELL) : offlineAnswer(precache),
    );
  }

  /** The page's own address, with the query. @type {(page: string) => Promise<Response>} */
  async function lead(page) {
    return Response.redirect(origin + page + search, 302);
  }

  /** @type {(path: string, request: Request) => Promise<Response>} */
  async function fromShell(path, request) {
    const found = caches.open(PREFIX + precache.version).then((cache) => cache.match(path));
    const kept = await withLimit(found, CACHE_MS, "cache").catch(() => undefined);
    return kept ?? fetch(request).catch(() => offlineAnswer(precache));
  }
}

/**
 * @param {{url: string, sha256: string}} asset
 * @param {typeof globalThis.fetch} fetch
 * @returns {Promise<Response>}
 */
async function fetchAsset({ url, sha256 }, fetch) {
  const response = await fetch(url, { cache: "no-store", redirect: "error" });
  const body = await response.clone().arrayBuffer();
  const type = response.headers.get("Content-Type") ?? "";
  const right = response.status === 200 && type.startsWith(typeOf(url));
  if (!right || (await sha256Hex(body)) !== sha256) throw new Error(`not the listed file: ${url}`);
  return response;
}

/** @param {string} url */
function typeOf(url) {
  const ending = /\.([a-z0-9]+)$/.exec(url)?.[1];
  return ending === undefined ? "text/html" : (TYPES[ending] ?? "");
}
