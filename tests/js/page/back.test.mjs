/** No address leads from the sign-in to anywhere but our own pages. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { passwordUrl, safeBack, signInUrl } from "../../../pwa/page/session/back.js";

const ORIGIN = "https://capture.clinic.example";

const HOSTILE = [
  "https://evil.example",
  "http://evil.example/mobile",
  "//evil.example",
  "//evil.example/mobile",
  "///evil.example",
  "////evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "\\/evil.example",
  "/\\/evil.example",
  "/mobile\\@evil.example",
  "/mobile@evil.example",
  "@evil.example",
  "/@evil.example",
  "https:evil.example",
  "https:/evil.example",
  "https:///evil.example",
  "HTTPS://evil.example",
  " https://evil.example",
  "\thttps://evil.example",
  "\n//evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/\r/evil.example",
  "/mobile\r\nSet-Cookie: a=b",
  "/mobile\nLocation: https://evil.example",
  "/mobile%0d%0aLocation:%20https://evil.example",
  "/mobile\u0000",
  "/mobile\u2028",
  "javascript:alert(1)",
  "JavaScript:alert(1)",
  "java\nscript:alert(1)",
  " javascript:alert(1)",
  "/mobile#javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "blob:https://evil.example/1",
  "file:///etc/passwd",
  "ftp://evil.example",
  "mailto:a@evil.example",
  "%2f%2fevil.example",
  "/%2fevil.example",
  "/%5cevil.example",
  "%68ttps://evil.example",
  "/mobile/../..//evil.example",
  "/mobile/../sign-in",
  "/mobile/..%2f..%2fevil.example",
  "/./evil.example",
  "/.//evil.example",
  "./mobile",
  "../mobile",
  "mobile",
  "?back=//evil.example",
  "#//evil.example",
  "/mobile?next=https://evil.example",
  "/mobile?next=//evil.example",
  "/mobile?a=<script>",
  "/mobile/",
  "/mobiles",
  "/mobile.evil.example",
  "/desktop:443",
  "/api/me",
  "/sign-in?back=/sign-in",
  "/Mobile",
  "/mobile ",
  " /mobile",
  "／mobile",
  "/／evil.example",
  "//[::1]/mobile",
  "//evil.example\\@capture.clinic.example/mobile",
  "https://capture.clinic.example@evil.example/mobile",
  `/mobile?${"a".repeat(5000)}`,
  "",
];

describe("going back after the sign-in", () => {
  for (const path of ["/mobile", "/desktop", "/mobile?action=camera", "/desktop?a=1&b=2#photos"]) {
    it(`leads to ${path}`, () => assert.equal(safeBack(path), path));
  }

  it("leads to the start page without a path", () => {
    assert.equal(safeBack(null), "/");
    assert.equal(safeBack(undefined), "/");
  });

  it("refuses every address of the corpus", () => {
    assert.ok(HOSTILE.length >= 60);
    for (const path of HOSTILE) assert.equal(safeBack(path), "/", JSON.stringify(path));
  });

  it("has a corpus that a plain check for a leading slash would let through", () => {
    const lax = (path) => path.startsWith("/") && !path.startsWith("//");
    const astray = HOSTILE.filter((path) => lax(path) && new URL(path, ORIGIN).origin !== ORIGIN);

    assert.ok(astray.length >= 4, `${astray.length}`);
  });

  it("writes the way back into the address of the sign-in page", () => {
    assert.equal(signInUrl("/mobile"), "/sign-in?back=%2Fmobile");
    assert.equal(signInUrl("//evil.example"), "/sign-in?back=%2F");
    assert.equal(passwordUrl("/mobile"), "/sign-in?back=%2Fmobile&change=1");
  });
});
