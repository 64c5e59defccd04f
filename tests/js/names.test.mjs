import assert from "node:assert/strict";
import { test } from "node:test";
import { withNames } from "../../pwa/page/names.js";

class Element {
  constructor(tag) {
    this.tag = tag;
  }
}
globalThis.document = { createElement: (tag) => new Element(tag) };

test("names stand out wherever a sentence puts them, in any order and more than once", () => {
  const pieces = withNames((a, b) => `${b} is not ${a}, ${a}!`, "Room 2", "ألف");

  assert.deepEqual(
    pieces.map((piece) => (typeof piece === "string" ? piece : [piece.textContent])),
    [["ألف"], " is not ", ["Room 2"], ", ", ["Room 2"], "!"],
  );
  for (const piece of pieces.filter((one) => typeof one !== "string"))
    assert.deepEqual([piece.tag, piece.translate, piece.dir], ["bdi", false, "auto"]);
});

test("a name that reads like a sentence's own words, or is empty, changes nothing around it", () => {
  assert.deepEqual(
    withNames((a) => `not ${a}`, "not"),
    ["not ", withNames((a) => a, "not")[0]],
  );
  assert.equal(withNames((a) => `Move to ${a}`, "")[1].textContent, "");
});
