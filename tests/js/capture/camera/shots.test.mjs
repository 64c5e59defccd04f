/** From the shutter to durable: strictly one after another, and nothing lost when storage refuses. */
import assert from "node:assert/strict";
import test from "node:test";

import { Shots, hasSpace } from "../../../../pwa/capture/camera/shots.js";

const BYTES = new Uint8Array([1, 2, 3]).buffer;
const frozen = (photoId, retakeOf = null) => ({
  photoId,
  owner: "o",
  consultationId: "c",
  consultationLabel: "Room 1",
  capturedAt: "2026-11-22T10:41:00.123Z",
  retakeOf,
});

/** A line whose encoder is a stand-in, because canvases need a browser; the rest is the real part. */
function lineOf(t, { refuses = () => false, original = "replaced", duplicates = {} } = {}) {
  const seen = {
    added: [],
    replaced: [],
    saved: [],
    refused: [],
    failed: [],
    duplicates: [],
    originals: [],
    running: 0,
    most: 0,
  };
  const sink = {
    async add(capture) {
      if (refuses(capture)) throw new Error("full");
      seen.added.push(capture);
    },
    async replaceAfterRetake(...ids) {
      seen.replaced.push(ids);
      return original;
    },
    findDuplicate: async ({ photoId }) => duplicates[photoId] ?? null,
  };
  const encode = async (source) => {
    seen.most = Math.max(seen.most, ++seen.running);
    await new Promise(setImmediate);
    seen.running--;
    if (source.broken) throw new Error("not encoded");
    return { bytes: BYTES, contentType: "image/jpeg", width: 8, height: 6, quality: {} };
  };
  const shots = new Shots(
    sink,
    () => ({}),
    {
      saved: ({ photoId }) => seen.saved.push(photoId),
      refused: (count) => seen.refused.push(count),
      failed: (name) => seen.failed.push(name),
      duplicate: (...duplicate) => seen.duplicates.push(duplicate),
      original: (...why) => seen.originals.push(why),
    },
    encode,
  );
  return { shots, seen };
}

test("a burst is kept one by one, in the order of the taps", async (t) => {
  const { shots, seen } = lineOf(t);

  await Promise.all(["1", "2", "3"].map((id) => shots.add({}, frozen(id))));

  assert.deepEqual(seen.saved, ["1", "2", "3"]);
  assert.equal(seen.most, 1);
});

test("what is kept carries what was frozen at the shutter", async (t) => {
  const { shots, seen } = lineOf(t);

  await shots.add({}, frozen("1"));

  const { bytes, ...rest } = seen.added[0];
  assert.equal(bytes, BYTES);
  assert.equal(rest.owner + rest.consultationId + rest.capturedAt, "oc2026-11-22T10:41:00.123Z");
});

test("a photo that cannot be made is reported, and the next is kept", async (t) => {
  const { shots, seen } = lineOf(t);

  await Promise.all([shots.add({ broken: true }, frozen("1")), shots.add({}, frozen("2"))]);

  assert.deepEqual(seen.failed, [null]);
  assert.deepEqual(seen.saved, ["2"]);
  assert.equal(shots.unsaved, 0);
});

test("a refused photo stays in memory until it can be kept, and is not called saved before", async (t) => {
  let full = true;
  const { shots, seen } = lineOf(t, { refuses: () => full });

  await shots.add({}, frozen("1"));
  assert.equal(await shots.retry(), false);
  assert.deepEqual([seen.saved, shots.unsaved], [[], 1]);
  full = false;

  assert.equal(await shots.retry(), true);
  assert.deepEqual([seen.saved, shots.unsaved], [["1"], 0]);
});

test("the old photo is replaced only after the new one is durable", async (t) => {
  let full = true;
  const { shots, seen } = lineOf(t, { refuses: () => full });

  await shots.add({}, frozen("new", "old"));
  assert.deepEqual(seen.replaced, []);
  full = false;
  await shots.retry();

  assert.deepEqual(seen.replaced, [["new", "old"]]);
});

test("twelve frames that wait are as many as the memory should keep", async (t) => {
  const { shots } = lineOf(t);
  const taps = Array.from({ length: 12 }, (_, id) => shots.add({}, frozen(String(id))));

  assert.equal(shots.full, true);
  await Promise.all(taps);
  assert.equal(shots.full, false);
});

test("space for three photos is asked for, and an unknown amount is trusted", () => {
  assert.equal(hasSpace({ quota: 3 * 800 ** 2, usage: 0 }, 800), true);
  assert.equal(hasSpace({ quota: 3 * 800 ** 2, usage: 1 }, 800), false);
  assert.equal(hasSpace({}, 800), true);
});

test("a file that was chosen before is kept once, and its name is reported", async (t) => {
  const { shots, seen } = lineOf(t, { duplicates: { 1: "here", 2: "stored" } });

  const kept = await Promise.all([
    shots.add({}, frozen("1"), "a.jpg"),
    shots.add({}, frozen("2"), "b.jpg"),
    shots.add({}, frozen("3"), "c.jpg"),
  ]);

  assert.deepEqual(seen.saved, ["2", "3"]);
  assert.deepEqual(kept, [true, true, true]);
  assert.deepEqual(seen.duplicates, [
    ["a.jpg", "here"],
    ["b.jpg", "stored"],
  ]);
});

test("a shot is never taken for another one, and a file that fails is named", async (t) => {
  const { shots, seen } = lineOf(t, { duplicates: { 1: "here" } });

  await shots.add({}, frozen("1"));
  assert.equal(await shots.add({ broken: true }, frozen("2"), "b.heic"), false);

  assert.deepEqual(seen.saved, ["1"]);
  assert.deepEqual(seen.failed, ["b.heic"]);
});

test("a retake whose original has left meanwhile reports that, and is kept", async (t) => {
  const { shots, seen } = lineOf(t, { original: "gone" });

  await shots.add({}, frozen("2", "1"));

  assert.deepEqual(seen.saved, ["2"]);
  assert.deepEqual(seen.originals, [["1", "gone"]]);
});
