/** The queue as a page uses it: nothing is called saved that is not there, nothing leaves too early. */
import assert from "node:assert/strict";
import test from "node:test";

import { Changes } from "../../../pwa/queue/changes.js";
import { newPhotoId } from "../../../pwa/queue/photo-record.js";
import { CONSULTATION, capture, openPhone, receiptFor, sha256, until } from "./support.mjs";

test("an added photo is listed with the hash of its bytes and its place in the order", async (t) => {
  const { queue } = await openPhone(t);
  const taken = capture();

  const record = await queue.add(taken);

  assert.deepEqual((await queue.list("anna")).photos, [record]);
  assert.equal(record.sha256, sha256(taken.bytes));
  assert.deepEqual([record.seq, record.state, record.size], [1, "captured", 64]);
  assert.deepEqual(await queue.bytes(record.photoId), taken.bytes);
});

test("the order is that of the shutters, whatever the ids and times say", async (t) => {
  const { queue } = await openPhone(t);
  const late = await queue.add(capture({ photoId: newPhotoId(9e12) }));
  const early = await queue.add(capture({ photoId: newPhotoId(1) }));

  const { photos } = await queue.list("anna");

  assert.deepEqual(
    photos.map((photo) => photo.photoId),
    [late.photoId, early.photoId],
  );
});

test("a photo id is a UUID of version 7 that begins with the time", () => {
  const id = newPhotoId(Date.UTC(2026, 10, 22));

  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), Date.UTC(2026, 10, 22));
  assert.notEqual(newPhotoId(1), newPhotoId(1));
});

test("a capture without bytes is refused", async (t) => {
  const { queue } = await openPhone(t);

  const adding = queue.add(capture({ bytes: new ArrayBuffer(0) }));

  await assert.rejects(adding, { name: "StorageRefused", code: "empty" });
  assert.deepEqual((await queue.list("anna")).photos, []);
});

test("bytes that come back different are refused and erased", async (t) => {
  const { queue } = await openPhone(t);
  const read = queue.database.read.bind(queue.database);
  queue.database.read = async (stores, work) =>
    stores[0] === "bytes" ? Uint8Array.of(9).buffer : read(stores, work);

  await assert.rejects(queue.add(capture()), { code: "damaged" });

  assert.deepEqual((await queue.list("anna")).photos, []);
});

test("bytes that cannot be read back are refused and erased", async (t) => {
  const { queue } = await openPhone(t);
  const read = queue.database.read.bind(queue.database);
  queue.database.read = async (stores, work) =>
    stores[0] === "bytes" ? undefined : read(stores, work);

  await assert.rejects(queue.add(capture()), { code: "damaged" });

  assert.deepEqual((await queue.list("anna")).photos, []);
});

for (const [thrown, code] of [
  [new DOMException("", "QuotaExceededError"), "full"],
  [new DOMException("", "UnknownError"), "lost"],
  [new Error("odd"), "lost"],
  ["not even an error", "lost"],
]) {
  test(`storage that fails with ${thrown.name ?? typeof thrown} refuses the photo as ${code}`, async (t) => {
    const { queue } = await openPhone(t);
    queue.database.write = async () => {
      throw thrown;
    };

    await assert.rejects(queue.add(capture()), { name: "StorageRefused", code });
  });
}

test("approving moves photos from review to the queue and nothing else", async (t) => {
  const { queue } = await openPhone(t);
  const [one, two] = [await queue.add(capture()), await queue.add(capture())];

  await queue.approve([one.photoId, newPhotoId()]);
  await queue.approve([one.photoId]);

  const { photos } = await queue.list("anna");
  assert.deepEqual(
    photos.map((photo) => [photo.photoId, photo.state]),
    [
      [one.photoId, "queued"],
      [two.photoId, "captured"],
    ],
  );
});

test("a photo that never had a URL is erased at once", async (t) => {
  const { queue } = await openPhone(t);
  const { photoId } = await queue.add(capture());
  await queue.approve([photoId]);

  assert.equal(await queue.remove(photoId), "erased");

  assert.deepEqual((await queue.list("anna")).photos, []);
  await assert.rejects(queue.bytes(photoId), { code: "photo-missing" });
  assert.equal(await queue.remove(photoId), "erased");
});

test("a photo that may have a URL stays as a row without bytes until the server confirms", async (t) => {
  const { queue, queueStore } = await openPhone(t);
  const { photoId } = await queue.add(capture());
  await queue.approve([photoId]);
  await queueStore.markSigned([photoId], "anna");

  assert.equal(await queue.remove(photoId), "deleting");

  const { photos } = await queue.list("anna");
  assert.deepEqual(
    photos.map((photo) => photo.state),
    ["deleting"],
  );
  await assert.rejects(queue.bytes(photoId), { code: "photo-missing" });
});

test("a photo that is being sent can be neither deleted nor replaced", async (t) => {
  const { queue, queueStore } = await openPhone(t);
  const { photoId } = await queue.add(capture());
  const retake = await queue.add(capture());
  await queue.approve([photoId]);
  await queueStore.claimPhoto(photoId, "anna", []);

  await assert.rejects(queue.remove(photoId), { name: "PhotoBusy", code: "photo-busy" });
  await assert.rejects(queue.replaceAfterRetake(retake.photoId, photoId), { code: "photo-busy" });

  assert.equal((await queue.list("anna")).photos.length, 2);
});

test("a photo that is kept again while it is being sent keeps its place and its state", async (t) => {
  const { queue, queueStore } = await openPhone(t);
  const draft = capture();
  const { photoId } = await queue.add(draft);
  await queue.approve([photoId]);
  await queueStore.markSigned([photoId], "anna");
  await queueStore.claimPhoto(photoId, "anna", []);

  await queue.add(draft);

  const { photos } = await queue.list("anna");
  assert.deepEqual(
    photos.map((photo) => photo.state),
    ["sending"],
  );
  await assert.rejects(queue.remove(photoId), { code: "photo-busy" });
});

test("a photo whose bytes were lost is whole again when it is kept again", async (t) => {
  const { queue } = await openPhone(t);
  const draft = capture();
  const { photoId, sha256: hash } = await queue.add(draft);
  await queue.database.write(["bytes"], (tx) => tx.objectStore("bytes").delete(photoId));

  await queue.add(draft);

  assert.equal(sha256(await queue.bytes(photoId)), hash);
});

test("a retake takes the consultation of the photo it replaces, which goes only then", async (t) => {
  const { queue } = await openPhone(t);
  const old = await queue.add(capture({ consultationId: "first", consultationLabel: "First" }));
  const other = capture({ consultationId: "second", retakeOf: old.photoId });

  const taken = await queue.add(other);
  assert.equal(taken.consultationId, "first");
  assert.equal((await queue.list("anna")).photos.length, 2);
  await queue.replaceAfterRetake(taken.photoId, old.photoId);

  const { photos } = await queue.list("anna");
  assert.deepEqual(
    photos.map((photo) => [photo.photoId, photo.consultationId, photo.consultationLabel]),
    [[taken.photoId, "first", "First"]],
  );
});

test("a retake of a photo that has gone keeps its own consultation", async (t) => {
  const { queue } = await openPhone(t);

  const taken = await queue.add(capture({ retakeOf: newPhotoId(), consultationId: "own" }));
  await queue.replaceAfterRetake(taken.photoId, taken.retakeOf);

  assert.equal((await queue.list("anna")).photos[0].consultationId, "own");
});

test("an old photo is never given up for a retake that is not there", async (t) => {
  const { queue } = await openPhone(t);
  const old = await queue.add(capture());

  await assert.rejects(queue.replaceAfterRetake(newPhotoId(), old.photoId), {
    code: "photo-missing",
  });

  assert.equal((await queue.list("anna")).photos.length, 1);
});

test("a retake keeps the clinician's answer about the photo it replaces", async (t) => {
  const { queue, clock } = await openPhone(t);
  const old = await queue.add(capture());
  await queue.place([old.photoId], null);

  const taken = await queue.add(
    capture({ retakeOf: old.photoId, capturedAt: "2026-11-22T11:00:00Z" }),
  );

  assert.deepEqual(taken.placed, { at: new Date(clock.wall()).toISOString(), from: null });
  assert.equal(taken.firstCapturedAt, old.capturedAt);
});

test("whose a photo is can be answered in review, and not once it is on its way", async (t) => {
  const { queue, clock } = await openPhone(t);
  const [kept, moved, sent] = [capture(), capture(), capture()];
  for (const taken of [kept, moved, sent]) await queue.add(taken);
  await queue.approve([sent.photoId]);

  await queue.place([kept.photoId], null);
  await queue.place([moved.photoId, sent.photoId], { id: "other", label: "Room 3" });

  const at = new Date(clock.wall()).toISOString();
  const { photos } = await queue.list("anna");
  assert.deepEqual(
    photos.map(({ consultationId, placed }) => [consultationId, placed]),
    [
      [CONSULTATION, { at, from: null }],
      ["other", { at, from: { id: CONSULTATION, label: "Left knee" } }],
      [CONSULTATION, undefined],
    ],
  );
});

test("the same picture is found while it waits here and on the day it was stored", async (t) => {
  const { queue, queueStore, clock } = await openPhone(t);
  const taken = capture();
  const find = (change = {}) => queue.findDuplicate({ ...taken, ...change });
  assert.equal(await find(), null);
  const record = await queue.add(taken);

  assert.equal(await find(), "here");
  for (const other of [{ consultationId: "other" }, { owner: "ben" }, { bytes: capture().bytes }])
    assert.equal(await find(other), null);
  await queueStore.settlePhoto(record.photoId, receiptFor(record.photoId, record));
  assert.equal(await find(), "stored");
  assert.equal(await find({ consultationId: "other" }), null);

  clock.time += 86_400_000;
  assert.equal(await find(), null);
});

test("a photo that is being deleted is no duplicate", async (t) => {
  const { queue, queueStore } = await openPhone(t);
  const taken = capture();
  const { photoId } = await queue.add(taken);
  await queue.approve([photoId]);
  await queueStore.markSigned([photoId], "anna");
  await queue.remove(photoId);

  assert.equal(await queue.findDuplicate(taken), null);
});

test("how far picked files have come is kept by page until none is left", async (t) => {
  const { queue } = await openPhone(t);
  const [one, two] = [3, 5].map((all) => ({ owner: "anna", all, kept: 1 }));
  assert.deepEqual(await queue.picked(), {});

  await queue.setPicked("one", one);
  await queue.setPicked("two", two);
  assert.deepEqual(await queue.picked(), { one, two });

  await queue.setPicked("one", null);
  assert.deepEqual(await queue.picked(), { two });
});

for (const [what, owner, left] of [
  ["nobody", null, null],
  ["a user", { id: "anna", name: "Anna" }, { id: "anna", name: null, signedOut: true }],
  [
    "a user whose session must still be ended",
    { id: "anna", name: "Anna", pendingSignOut: "sess_1" },
    { id: "anna", name: null, signedOut: true, pendingSignOut: "sess_1" },
  ],
]) {
  test(`erasing ${what} leaves neither a name nor a consultation`, async (t) => {
    const { queue } = await openPhone(t);
    await queue.setOwner(owner);
    await queue.setConsultation({ id: "c", confirmedAt: 5 });

    await queue.eraseUser();

    assert.deepEqual(await queue.owner(), left);
    assert.equal(await queue.consultation(), null);
  });
}

test("an answer about the consultation that comes after the sign-out is not written", async (t) => {
  const { queue } = await openPhone(t);
  await queue.eraseUser();

  await queue.setConsultation({ id: "c", confirmedAt: 5 });

  assert.equal(await queue.consultation(), null);
});

test("another user's photos are counted and never listed", async (t) => {
  const { queue } = await openPhone(t);
  await queue.add(capture({ owner: "ben" }));
  await queue.add(capture());

  const { photos, otherOwners } = await queue.list("anna");

  assert.deepEqual([photos.length, otherOwners], [1, 1]);
  assert.equal(photos[0].owner, "anna");
});

test("photos stored today are counted by this phone's own day and user", async (t) => {
  const { queue, queueStore, clock } = await openPhone(t);
  const records = [await queue.add(capture()), await queue.add(capture())];
  for (const record of records)
    await queueStore.settlePhoto(record.photoId, receiptFor(record.photoId, record));
  assert.equal((await queue.list("anna")).storedToday, 2);
  assert.equal((await queue.list("ben")).storedToday, 0);

  clock.time += 86_400_000;

  assert.equal((await queue.list("anna")).storedToday, 0);
  assert.equal((await queue.receipt(records[0].photoId)).state, "stored");
  assert.equal(await queue.receipt(newPhotoId()), null);
});

test("a pause of the whole queue is shown on every photo that waits its turn", async (t) => {
  const { queue, queueStore, clock } = await openPhone(t);
  const [queued, waiting, parked] = [
    await queue.add(capture()),
    await queue.add(capture()),
    await queue.add(capture()),
  ];
  await queue.approve([queued.photoId, waiting.photoId, parked.photoId]);
  const status = { reason: "store-403", attempt: 1, equal: 1, sent: false, inMs: 5_000 };
  await queueStore.writeStatus([{ photoId: waiting.photoId, state: "waiting", ...status }]);
  await queueStore.writeStatus([{ photoId: parked.photoId, state: "parked", ...status }]);

  await queueStore.writePause({ concerns: "link", reason: "no-answer", attempt: 2, inMs: 4_000 });
  const { photos, pause } = await queue.list("anna");
  assert.deepEqual(
    photos.map(({ state, reason, attempt, nextTryAt }) => [state, reason, attempt, nextTryAt]),
    [
      ["waiting", "no-answer", 2, clock.wall() + 4_000],
      ["waiting", "store-403", 1, clock.wall() + 5_000],
      ["parked", "store-403", 1, clock.wall() + 5_000],
    ],
  );
  assert.equal(pause.reason, "no-answer");

  await queueStore.writePause({
    concerns: "person",
    reason: "unauthenticated",
    attempt: 0,
    inMs: null,
  });
  const states = (await queue.list("anna")).photos.map((photo) => photo.state);
  assert.deepEqual(states, ["needs-sign-in", "needs-sign-in", "parked"]);
});

for (const [what, owner] of [
  ["signing out", { id: "anna", name: "Anna", signedOut: true }],
  ["another user's sign-in", { id: "ben", name: "Ben" }],
  ["forgetting the user", null],
]) {
  test(`${what} erases no photo, in review or on its way`, async (t) => {
    const { queue } = await openPhone(t);
    const taken = [capture(), capture()];
    const kept = [await queue.add(taken[0]), await queue.add(taken[1])];
    await queue.approve([kept[0].photoId]);

    await queue.setOwner(owner);
    await queue.setOwner({ id: "anna", name: "Anna" });

    const { photos } = await queue.list("anna");
    assert.deepEqual(
      photos.map((photo) => photo.state),
      ["queued", "captured"],
    );
    for (const [at, { photoId }] of photos.entries()) {
      assert.deepEqual(await queue.bytes(photoId), taken[at].bytes);
    }
  });
}

test("retrying a parked photo forgets what it failed at", async (t) => {
  const { queue, queueStore } = await openPhone(t);
  const { photoId } = await queue.add(capture());
  await queue.approve([photoId]);
  const failed = { reason: "store-403", attempt: 3, equal: 3, sent: false, inMs: 9_000 };
  await queueStore.writeStatus([{ photoId, state: "parked", ...failed }]);

  await queue.retry(photoId);

  const [photo] = (await queue.list("anna")).photos;
  assert.deepEqual(
    [photo.state, photo.reason, photo.attempt, photo.equal, photo.nextTryAt],
    ["queued", null, 0, 0, null],
  );
});

test("retrying a photo in review leaves it there", async (t) => {
  const { queue } = await openPhone(t);
  const { photoId } = await queue.add(capture());

  await queue.retry(photoId);

  assert.equal((await queue.list("anna")).photos[0].state, "captured");
});

test("an exported photo carries its bytes and a name without patient data", async (t) => {
  const { queue } = await openPhone(t);
  const jpeg = await queue.add(capture());
  const webp = await queue.add(capture({ contentType: "image/webp" }));

  const copy = await queue.exportPhoto(jpeg.photoId);

  assert.equal(sha256(copy.parts[0]), jpeg.sha256);
  assert.deepEqual([copy.type, copy.name], ["image/jpeg", `${jpeg.photoId}.jpg`]);
  assert.equal((await queue.exportPhoto(webp.photoId)).name, `${webp.photoId}.webp`);
  await assert.rejects(queue.exportPhoto(newPhotoId()), { code: "photo-missing" });
});

test("owner and consultation are remembered across a restart", async (t) => {
  const phone = await openPhone(t);
  await phone.queue.setConsultation({ id: "c", confirmedAt: 5 });
  await phone.queue.setOwner({ id: "ben", name: null });
  await phone.queue.close();

  await phone.open();

  assert.deepEqual(await phone.queue.owner(), { id: "ben", name: null });
  assert.deepEqual(await phone.queue.consultation(), { id: "c", confirmedAt: 5 });
});

test("a change made elsewhere calls a listener, and a slow one once for many", async (t) => {
  const phone = await openPhone(t);
  const elsewhere = await openPhone(t, { name: phone.name });
  let calls = 0;
  let finish;
  const stop = phone.queue.watch(() => {
    calls += 1;
    return new Promise((resolve) => (finish = resolve));
  });

  await elsewhere.queue.add(capture());
  await until(() => calls === 1);
  await phone.queue.add(capture());
  await phone.queue.add(capture());
  assert.equal(calls, 1);
  finish();
  await until(() => calls === 2);

  stop();
  finish();
  await phone.queue.add(capture());
  assert.equal(calls, 2);
});

test("hurrying ends every wait and notifies the replay at work", async (t) => {
  const { queue, queueStore } = await openPhone(t);
  const { photoId } = await queue.add(capture());
  await queue.approve([photoId]);
  const failed = { reason: "store-403", attempt: 1, equal: 1, sent: false, inMs: 9_000 };
  await queueStore.writeStatus([{ photoId, state: "waiting", ...failed }]);
  await queueStore.writePause({ concerns: "link", reason: "no-answer", attempt: 2, inMs: 4_000 });
  const elsewhere = new Changes();
  t.after(() => elsewhere.close());
  const received = [];
  elsewhere.listen((notice) => received.push(notice.type));

  await queue.retryNow();

  await until(() => received.includes("hurry"));
  assert.equal((await queueStore.load("anna"))[0].waitMs, 0);
  assert.equal(await queueStore.readPause(), null);
});

test("what changes after its context has left is told to nobody, and breaks nothing", async (t) => {
  const { queue } = await openPhone(t);
  const heard = [];
  queue.changes.listen((notice) => heard.push(notice));
  queue.changes.publish({ type: "hurry" });
  queue.changes.close();

  queue.changes.publish({ type: "changed", by: "replay" });

  assert.deepEqual(heard, [{ type: "hurry" }]);
});
