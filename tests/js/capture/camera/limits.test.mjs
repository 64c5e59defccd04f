/** A platform call without an answer ends in time, is reported, and delays no other photo. */
import assert from "node:assert/strict";
import test from "node:test";

import { Shots, hasSpace } from "../../../../pwa/capture/camera/shots.js";
import { NoAnswer, withLimit } from "../../../../pwa/shared/clock.js";
import { TestClock } from "../../clock.mjs";

const NEVER = new Promise(() => {});

/** Shots whose encoder and storage are silent where the test says so. */
function stage(silent = {}) {
  const time = new TestClock();
  const seen = { saved: [], refused: 0, pending: 0 };
  const encode = (source) =>
    source === silent.source ? NEVER : Promise.resolve({ bytes: new ArrayBuffer(1) });
  const sink = { add: async () => (silent.storage ? NEVER : undefined) };
  const reports = {
    saved: ({ photoId }) => seen.saved.push(photoId),
    refused: (count) => (seen.refused = count),
    failed: () => {},
    pending: (count) => (seen.pending = count),
  };
  const shots = new Shots(sink, () => ({}), reports, encode, time);
  return { time, seen, shots };
}

test("a call that never answers ends in time, with the name of what was asked", async () => {
  const time = new TestClock();
  const asked = withLimit(NEVER, 3000, "estimate", time);
  const ended = assert.rejects(
    asked,
    (error) => error instanceof NoAnswer && /estimate/.test(error),
  );
  await time.pass(3000);
  await ended;
});

test("an answer in time is the answer, and leaves no timer behind", async () => {
  const time = new TestClock();
  assert.equal(await withLimit(Promise.resolve(7), 3000, "estimate", time), 7);
  await assert.rejects(withLimit(Promise.reject(new Error("no")), 3000, "x", time), /no/);
  assert.equal(time.waiting, 0);
});

test("a photo that hangs in the encoder delays the next one for two seconds, and is counted", async () => {
  const { time, seen, shots } = stage({ source: "stuck" });
  void shots.add("stuck", { photoId: "1" });
  void shots.add("good", { photoId: "2" });
  await time.pass(1000);
  assert.equal(seen.pending, 2);

  await time.pass(1500);

  assert.deepEqual(seen.saved, ["2"]);
  assert.equal(seen.pending, 1);
  assert.equal(shots.unsaved, 1);
});

test("a storage that never answers is a storage that refused", async () => {
  const { time, seen, shots } = stage({ storage: true });
  void shots.add("good", { photoId: "1" });
  await time.pass(25_000);
  assert.equal(seen.refused, 1);
  await shots.allPhotosSaved();
});

test("zeros from an estimate are no numbers", () => {
  assert.equal(hasSpace({ quota: 0, usage: 0 }, 800), true);
  assert.equal(hasSpace({ quota: 10, usage: 0 }, 800), false);
});
