/** The queue as a page uses it: nothing is called saved that is not there, nothing goes too early. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";

import { openQueue } from "../../../pwa/queue/queue.js";
import { newPhotoId } from "../../../pwa/queue/photo-id.js";

let databases = 0;
const fresh = async (t, options = {}) => {
  databases += 1;
  const queue = await openQueue({ name: `queue-${databases}`, ...options });
  t.after(() => queue.close());
  return queue;
};
const capture = (change = {}) => ({
  photoId: newPhotoId(),
  owner: "anna",
  consultationId: "c-1",
  consultationLabel: "Left knee",
  capturedAt: "2026-11-22T10:41:00.123Z",
  contentType: "image/jpeg",
  bytes: Uint8Array.of(1, 2, 3).buffer,
  width: 800,
  height: 600,
  ...change,
});

test("an added photo is listed with the hash of its bytes and its place in the order", async (t) => {
  const queue = await fresh(t);

  const record = await queue.add(capture());

  const { photos } = await queue.list("anna");
  assert.deepEqual(photos, [record]);
  assert.equal(record.sha256, createHash("sha256").update(Uint8Array.of(1, 2, 3)).digest("hex"));
  assert.deepEqual([record.seq, record.state, record.size], [1, "captured", 3]);
});

test("an unsigned photo is erased at once", async (t) => {
  const queue = await fresh(t);
  const { photoId } = await queue.add(capture());

  assert.equal(await queue.remove(photoId), "erased");

  assert.deepEqual((await queue.list("anna")).photos, []);
  await assert.rejects(queue.bytes(photoId), { code: "photo-missing" });
});
