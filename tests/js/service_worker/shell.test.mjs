/** The app shell: all files of a version or none, nothing else, and pages without a network. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";

import { pageOf } from "../../../service_worker/addresses.js";
import { activateShell, answer, installShell } from "../../../service_worker/shell.js";

const ORIGIN = "https://capture.test";
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const FILES = {
  "/mobile": ["text/html; charset=utf-8", "<main>shell</main>"],
  "/pwa/capture/main.js": ["text/javascript; charset=utf-8", "export {};"],
  "/pwa/styles/phone.css": ["text/css", "body {}"],
  "/manifest.webmanifest": ["application/manifest+json", "{}"],
};
const listed = Object.entries(FILES).map(([url, [, text]]) => ({ url, sha256: sha256(text) }));
const PRECACHE = { version: "v1", assets: listed };

/** Cache Storage as far as the shell uses it, by URL path. */
class TestCaches {
  stores = new Map();
  open = async (name) => {
    if (!this.stores.has(name)) this.stores.set(name, new Map());
    const store = this.stores.get(name);
    return {
      put: async (url, response) => store.set(url, response),
      match: async (url) => store.get(url)?.clone(),
    };
  };
  delete = async (name) => this.stores.delete(name);
  keys = async () => [...this.stores.keys()];
}

function world(change = {}) {
  const caches = new TestCaches();
  const asked = [];
  const fetch = async (request, init) => {
    const url = typeof request === "string" ? request : new URL(request.url).pathname;
    asked.push([url, init]);
    if (change.offline) throw new TypeError("Failed to fetch");
    const [type, text, status = 200] = change[url] ??
      FILES[url] ?? ["text/html", "from the network"];
    return new Response(text, { status, headers: type ? { "Content-Type": type } : {} });
  };
  return { caches, fetch, asked, origin: ORIGIN, phone: change.phone ?? false };
}

const navigation = (path) => ({ method: "GET", mode: "navigate", url: ORIGIN + path });
const get = (path, change = {}) => ({ method: "GET", mode: "cors", url: ORIGIN + path, ...change });

test("every listed file is fetched past the HTTP cache and kept under its version", async () => {
  const parts = world();

  await installShell(PRECACHE, parts);

  assert.deepEqual([...parts.caches.stores.keys()], ["shell-v1"]);
  assert.deepEqual([...parts.caches.stores.get("shell-v1").keys()], Object.keys(FILES));
  for (const [, init] of parts.asked)
    assert.deepEqual(init, { cache: "no-store", redirect: "error" });
});

for (const [what, file] of [
  ["another status", ["text/javascript", "export {};", 404]],
  ["a portal's page", ["text/html", "export {};"]],
  ["other bytes", ["text/javascript", "export const evil = 1;"]],
  ["no type", [null, new TextEncoder().encode("export {};")]],
]) {
  test(`one file with ${what} keeps the whole version out and leaves nothing behind`, async () => {
    const parts = world({ "/pwa/capture/main.js": file });
    await parts.caches.open("shell-v0");

    await assert.rejects(installShell(PRECACHE, parts), /main\.js/);

    assert.deepEqual([...parts.caches.stores.keys()], ["shell-v0"]);
  });
}

test("a file of an unknown kind is checked by its digest alone", async () => {
  const parts = world({ "/pwa/x.bin": ["application/octet-stream", "bin"] });

  await installShell(
    { version: "v2", assets: [{ url: "/pwa/x.bin", sha256: sha256("bin") }] },
    parts,
  );

  assert.ok(parts.caches.stores.get("shell-v2").has("/pwa/x.bin"));
});

test("taking over deletes the shells of other versions and no other caches", async () => {
  const { caches } = world();
  for (const name of ["shell-v0", "shell-v1", "somebody"]) await caches.open(name);

  await activateShell(PRECACHE, caches);

  assert.deepEqual(await caches.keys(), ["shell-v1", "somebody"]);
});

test("the phone's page opens from its version, whatever its query, without a request", async () => {
  const parts = world();
  await installShell(PRECACHE, parts);
  const offline = { ...parts, fetch: world({ offline: true }).fetch };

  const response = await answer(navigation("/mobile?from=qr"), PRECACHE, offline);

  assert.equal(await response.text(), "<main>shell</main>");
});

for (const path of ["/mobile/", "/Mobile", "/MOBILE//", "//mobile", "/mobile/?start=camera"]) {
  for (const offline of [false, true]) {
    test(`${path} leads to the phone's page, ${offline ? "without a network" : "with one"}`, async () => {
      const parts = world({ offline });

      const response = await answer(navigation(path), PRECACHE, parts);

      assert.equal(response.status, 302);
      const query = path.includes("?") ? "?start=camera" : "";
      assert.equal(response.headers.get("Location"), `${ORIGIN}/mobile${query}`);
      assert.deepEqual(parts.asked, []);
    });
  }
}

for (const path of ["/Desktop/", "/sign-in/", "/Trust"]) {
  test(`${path} leads to its page, which needs the network`, async () => {
    const page = path.replace(/\/$/, "").toLowerCase();
    const response = await answer(navigation(path), PRECACHE, world({ offline: true }));

    assert.equal(response.headers.get("Location"), ORIGIN + page);
    assert.equal((await answer(navigation(page), PRECACHE, world({ offline: true }))).status, 503);
  });
}

test("without a network the start page of a phone is the one that needs none", async () => {
  const phone = await answer(navigation("/"), PRECACHE, world({ offline: true, phone: true }));
  assert.equal(phone.headers.get("Location"), `${ORIGIN}/mobile`);

  const online = await answer(navigation("/"), PRECACHE, world({ phone: true }));
  assert.equal(await online.text(), "from the network");
});

test("the page's address is the server's own, spelling for spelling", () => {
  const python = readFileSync(
    new URL("../../../app/web/site/addresses.py", import.meta.url),
    "utf8",
  );
  const [, listed] = /frozenset\(\{(.*)\}\)/.exec(python) ?? [];
  const pages = listed.split(", ").map((name) => JSON.parse(name));

  assert.ok(pages.includes("/mobile"));
  for (const page of pages) assert.equal(pageOf(page.toUpperCase() + "/"), page);
  for (const other of ["/", "/mobile/x", "/api/me", "/mobiles"]) assert.equal(pageOf(other), null);
});

test("listed files come from the same version as the page", async () => {
  const parts = world();
  await installShell(PRECACHE, parts);
  const changed = world({ "/pwa/capture/main.js": ["text/javascript", "newer"] });

  const response = await answer(get("/pwa/capture/main.js"), PRECACHE, {
    ...parts,
    fetch: changed.fetch,
  });

  assert.equal(await response.text(), "export {};");
});

test("a version whose cache was cleared falls back to the network, then to a plain answer", async () => {
  const response = await answer(get("/pwa/styles/phone.css"), PRECACHE, world());
  assert.equal(await response.text(), "body {}");

  const offline = await answer(navigation("/mobile"), PRECACHE, world({ offline: true }));
  assert.equal(offline.status, 503);
});

for (const path of ["/", "/desktop", "/sign-in"]) {
  test(`${path} comes from the network only, and says so without one`, async () => {
    const parts = world();

    assert.equal(
      await (await answer(navigation(path), PRECACHE, parts)).text(),
      "from the network",
    );
    const offline = await answer(navigation(path), PRECACHE, world({ offline: true }));

    assert.equal(offline.status, 503);
    const page = await offline.text();
    assert.match(page, /Photos saved on this phone are safe/);
    assert.match(page, /<link rel="stylesheet" href="\/pwa\/styles\/phone\.css" \/>/);
    assert.doesNotMatch(page, /main\.js/);
    assert.match(
      offline.headers.get("Content-Security-Policy"),
      /^default-src 'none'; style-src 'self';/,
    );
    assert.equal(parts.caches.stores.size, 0);
  });
}

test("a shell without the phone's page lets the network have it", async () => {
  const response = await answer(navigation("/mobile"), { version: "v1", assets: [] }, world());

  assert.equal(await response.text(), "<main>shell</main>");
});

for (const [what, request] of [
  ["the API", get("/api/consultations/c/photos")],
  ["a photo", get("/clinicpro/consultations/c/p.jpg")],
  ["a photo opened as a page", navigation("/clinicpro/consultations/c/p.jpg")],
  ["a file that is not listed", get("/pwa/desktop/main.js")],
  ["a change", get("/mobile", { method: "POST" })],
  ["another origin", { method: "GET", mode: "cors", url: "https://store.test/mobile" }],
]) {
  test(`${what} is never answered nor cached here`, () => {
    const parts = world();

    assert.equal(answer(request, PRECACHE, parts), null);

    assert.deepEqual([parts.asked, parts.caches.stores.size], [[], 0]);
  });
}
