/** A photo is never called saved that no server takes; one that an older version kept goes on, smaller. */
import assert from "node:assert/strict";
import test from "node:test";

import { limitOf, qualities } from "../../../pwa/capture/camera/encode.js";
import { TooLarge } from "../../../pwa/capture/review/too-large.js";
import { MOST_BYTES } from "../../../pwa/queue/photo-record.js";
import { capture, openPhone, sha256 } from "../queue/support.mjs";

const LARGE = MOST_BYTES + 1;
const small = () => ({
  bytes: Uint8Array.of(1, 2, 3).buffer,
  contentType: "image/jpeg",
  width: 4,
  height: 3,
});

/** As a version before kept it: nothing stopped it. */
async function keepLarge(phone, change = {}) {
  const record = await phone.queue.add(capture());
  const bytes = new Uint8Array(LARGE).fill(7).buffer;
  const large = { ...record, size: LARGE, sha256: sha256(bytes), ...change };
  await phone.queue.database.write(["photos", "bytes"], async (tx) => {
    await tx.objectStore("photos").put(large);
    await tx.objectStore("bytes").put(bytes, record.photoId);
  });
  return large;
}

test("the server's limit is obeyed, and the built-in one before it is known", () => {
  assert.equal(limitOf({}), MOST_BYTES);
  assert.equal(limitOf({ maxBytes: 1_000 }), 1_000);
  assert.equal(limitOf({ maxBytes: MOST_BYTES * 2 }), MOST_BYTES);
});

test("lower qualities are tried from the one that was set downwards", () => {
  const tried = (quality, format = "jpeg") => qualities({ quality, format });

  assert.deepEqual(tried(1), [1, 0.92, 0.8, 0.65, 0.5]);
  assert.deepEqual(tried(0.85), [0.85, 0.8, 0.65, 0.5]);
  assert.deepEqual(tried(0.5), [0.5]);
  assert.equal(tried(1, "webp")[0], 0.99, "at 1 nothing is lost, and nothing fits");
});

test("what no server takes is not called saved", async (t) => {
  const phone = await openPhone(t);

  const adding = phone.queue.add(capture({ bytes: new ArrayBuffer(LARGE) }));

  await assert.rejects(adding, { code: "too-large" });
  assert.deepEqual(await phone.list(), []);
  await phone.queue.add(capture({ bytes: new Uint8Array(MOST_BYTES).fill(1).buffer }));
});

test("a photo kept too large is parked with its reason, sends no request, and delays no other", async (t) => {
  const phone = await openPhone(t);
  const { photoId } = await keepLarge(phone, { state: "queued" });
  await phone.take(2);

  assert.equal(await phone.serve(phone.replay()), "drained");

  const [left, ...others] = await phone.list();
  assert.deepEqual([left.photoId, left.state, left.reason], [photoId, "parked", "too-large"]);
  assert.deepEqual(others, []);
  assert.equal((await phone.queue.exportPhoto(photoId)).parts[0].byteLength, LARGE);
});

for (const [state, then] of [
  ["parked", "queued"],
  ["captured", "captured"],
]) {
  test(`a ${state} photo that is too large goes on smaller, as the same photo`, async (t) => {
    const phone = await openPhone(t);
    const old = await keepLarge(phone, { state, reason: state === "parked" ? "too-large" : null });
    let drained = 0;
    const mender = new TooLarge(
      phone.queue,
      () => ({}),
      () => (drained += 1),
      async () => small(),
    );

    await mender.encodeAgain(await phone.list());

    const [photo] = await phone.list();
    assert.deepEqual([photo.state, photo.size, photo.reason], [then, 3, null]);
    assert.equal(photo.sha256, sha256(small().bytes));
    assert.deepEqual(
      [photo.photoId, photo.seq, photo.owner, photo.consultationId, photo.capturedAt],
      [old.photoId, old.seq, old.owner, old.consultationId, old.capturedAt],
    );
    assert.equal(sha256(await phone.queue.bytes(photo.photoId)), photo.sha256);
    assert.equal(drained, 1);
  });
}

test("what cannot be made smaller stays whole, and is tried once", async (t) => {
  const phone = await openPhone(t);
  const old = await keepLarge(phone, { state: "parked", reason: "too-large" });
  let tries = 0;
  const fail = async () => {
    tries += 1;
    throw new Error("no decoder");
  };
  const mender = new TooLarge(
    phone.queue,
    () => ({}),
    () => {},
    fail,
  );

  await mender.encodeAgain(await phone.list());
  await mender.encodeAgain(await phone.list());

  assert.equal(tries, 1);
  assert.equal(sha256(await phone.queue.bytes(old.photoId)), old.sha256);
  assert.deepEqual(await phone.states(), ["parked"]);
});

test("a photo that is no longer the listed one is not replaced", async (t) => {
  const phone = await openPhone(t);
  const old = await keepLarge(phone, { state: "parked", reason: "too-large" });

  assert.equal(await phone.queue.shrink({ ...old, sha256: "0".repeat(64) }, small()), false);

  assert.equal(sha256(await phone.queue.bytes(old.photoId)), old.sha256);
});

test("a photo that is deleted while it is made smaller does not come back", async (t) => {
  const phone = await openPhone(t);
  const old = await keepLarge(phone, { state: "parked", reason: "too-large" });
  const { database } = phone.queue;
  const write = database.write.bind(database);
  database.write = async (...args) => {
    database.write = write;
    await phone.queue.remove(old.photoId);
    return write(...args);
  };

  assert.equal(await phone.queue.shrink(old, small()), false);

  assert.deepEqual(await phone.list(), []);
  await assert.rejects(phone.queue.bytes(old.photoId), { code: "photo-missing" });
});

for (const [what, found] of [
  ["are gone", undefined],
  ["are others", Uint8Array.of(9).buffer],
]) {
  test(`a photo whose smaller bytes ${what} when they are read back is whole again`, async (t) => {
    const phone = await openPhone(t);
    const old = await keepLarge(phone, { state: "parked", reason: "too-large" });
    const { database } = phone.queue;
    const read = database.read.bind(database);
    let reads = 0;
    database.read = async (stores, work) =>
      stores[0] === "bytes" && (reads += 1) === 3 ? found : read(stores, work);

    assert.equal(await phone.queue.shrink(old, small()), false);

    assert.equal(sha256(await phone.queue.bytes(old.photoId)), old.sha256);
    assert.deepEqual(await phone.states(), ["parked"]);
  });
}

test("a photo of an ordinary size is never replaced", async (t) => {
  const phone = await openPhone(t);
  const record = await phone.queue.add(capture());

  assert.equal(await phone.queue.shrink(record, small()), false);

  assert.equal((await phone.list())[0].sha256, record.sha256);
});
