/** The phone's states: DESIGN's words for what the page is doing, as a pure function. */
import assert from "node:assert/strict";
import test from "node:test";

import { START, transition } from "../../../pwa/capture/flow.js";

const after = (...events) => events.reduce(transition, START);
const open = { type: "open-camera" };
const review = { type: "review" };
const upload = { type: "upload", photoIds: ["a", "b"] };
const moving = (...photoIds) => ({ type: "moving", photoIds });
const fail = { type: "fail", reason: "storage" };

test("a page begins connected", () => {
  assert.equal(START.name, "connected");
});

test("the way of a batch leads through every screen and back", () => {
  const names = [open, review, upload, moving("a"), moving("b"), moving()].map(
    (_, index, events) => {
      return after(...events.slice(0, index + 1)).name;
    },
  );

  assert.deepEqual(names, [
    "camera",
    "reviewing",
    "connected",
    "uploading",
    "uploading",
    "connected",
  ]);
});

test("nothing moving is connected, however many photos wait", () => {
  assert.equal(after(review, upload).name, "connected");
});

test("photos of an earlier upload do not make the page uploading", () => {
  assert.equal(after(upload, { type: "upload", photoIds: ["c"] }, moving("a")).name, "connected");
});

test("the camera can be opened from every screen, and sending goes on behind it", () => {
  for (const before of [[], [review], [upload, moving("a")]]) {
    assert.equal(after(...before, open).name, "camera");
  }
  assert.equal(after(upload, open, moving("a"), { type: "close-camera" }).name, "uploading");
});

test("an error leads home and holds until recovered", () => {
  assert.equal(after(open, fail).name, "error");
  assert.equal(after(open, fail, open).name, "error");
  assert.equal(after(open, fail, review).name, "error");
  assert.equal(after(open, fail, { type: "recover" }).name, "connected");
});

test("a deleted photo no longer counts in its upload", () => {
  assert.deepEqual(after(upload, { type: "drop", photoId: "a" }).batch, ["b"]);
  assert.equal(
    after(upload, moving("a"), { type: "drop", photoId: "a" }, moving("a")).name,
    "connected",
  );
});

test("an event that changes nothing gives back the same state", () => {
  const state = after(open);

  assert.equal(transition(state, open), state);
});

test("the state that was handed in is never changed", () => {
  const state = Object.freeze(after(upload));

  assert.notEqual(transition(state, moving("a")), state);
});
