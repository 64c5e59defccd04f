import assert from "node:assert/strict";
import { test } from "node:test";
import { compared, withNames } from "../../../pwa/page/names.js";

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

test("labels that look the same are the same, as the server sees it", () => {
  const alike = [
    "Room\u200b 2",
    "Ro\u00adom 2",
    "\ufeffRoom 2",
    "Room \u202e2",
    "Room 2\ufe0f",
    "Ｒoom  2\u3164",
  ];
  for (const text of alike) assert.equal(compared(text), "room 2");
  assert.notEqual(compared("Room 3"), "room 2");
  assert.equal(compared(null), "");
});

test("a name that ends in a full stop is not followed by another one", () => {
  const sentence = (label) =>
    withNames((a) => `On ${a}. Right?`, label).map((one) => one.textContent ?? one);

  assert.deepEqual(sentence("Room 3 · M.T."), ["On ", "Room 3 · M.T.", " Right?"]);
  assert.deepEqual(sentence("Room 3"), ["On ", "Room 3", ". Right?"]);
});
