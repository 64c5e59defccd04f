import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { desktop as words } from "../../../pwa/page/words/desktop.js";

const template = readFileSync(
  new URL("../../../pwa/templates/desktop.html", import.meta.url),
  "utf8",
);

/** Names in the page that the catalogue does not have as text. */
function missing(page) {
  const names = [...page.matchAll(/data-(?:words|label|alt|placeholder)="(\w+)"/g)].map(
    (m) => m[1],
  );
  assert.ok(names.length > 0);
  return names.filter((name) => typeof words[name] !== "string");
}

describe("the desktop's page", () => {
  it("finds every word it asks for in the catalogue", () => {
    assert.deepEqual(missing(template), []);
  });

  it("would be caught with a word that does not exist", () => {
    assert.deepEqual(missing(`${template}<b data-words="noSuchWord"></b>`), ["noSuchWord"]);
  });
});
