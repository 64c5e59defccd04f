import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shortcut, step } from "../../../pwa/desktop/shell/keys.js";
import { zoomKey } from "../../../pwa/desktop/gallery/zoom.js";

const press = (key, modifiers = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...modifiers,
});

describe("the keyboard", () => {
  it("starts a consultation with N and turns photos with arrows", () => {
    assert.equal(shortcut(press("n"), false), "new");
    assert.equal(shortcut(press("N"), false), "new");
    assert.equal(shortcut(press("ArrowLeft"), false), "previous");
    assert.equal(shortcut(press("ArrowRight"), false), "next");
    assert.equal(shortcut(press("x"), false), null);
  });

  it("leaves every key alone while the user types or holds a modifier", () => {
    assert.equal(shortcut(press("n"), true), null);
    assert.equal(shortcut(press("n", { ctrlKey: true }), false), null);
    assert.equal(shortcut(press("ArrowLeft", { altKey: true }), false), null);
  });

  it("zooms with + − 0, and leaves the browser's own zoom alone", () => {
    assert.equal(zoomKey(press("+")), "in");
    assert.equal(zoomKey(press("-")), "out");
    assert.equal(zoomKey(press("0")), "fit");
    assert.equal(zoomKey(press("+", { ctrlKey: true })), undefined);
  });
});

describe("arrows in a grid of 7 photos in 3 columns", () => {
  const from = (place, key) => step(key, place, 7, 3);

  it("move by one along the row and by a row up and down", () => {
    assert.equal(from(1, "ArrowRight"), 2);
    assert.equal(from(2, "ArrowRight"), 3);
    assert.equal(from(4, "ArrowUp"), 1);
    assert.equal(from(1, "ArrowDown"), 4);
  });

  it("stay where they are at an edge", () => {
    assert.equal(from(0, "ArrowLeft"), 0);
    assert.equal(from(6, "ArrowRight"), 6);
    assert.equal(from(1, "ArrowUp"), 1);
    assert.equal(from(5, "ArrowDown"), 5);
  });

  it("reach the first and the last with Home and End", () => {
    assert.equal(from(4, "Home"), 0);
    assert.equal(from(4, "End"), 6);
  });
});
