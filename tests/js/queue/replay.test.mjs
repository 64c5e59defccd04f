/** The replay with a scripted server: order, overlap, receipts, deletions, one replay at a time. */
import assert from "node:assert/strict";
import test from "node:test";

import { WELL, capture, openPhone, receiptFor, sha256, until } from "./support.mjs";

test("photos are sent whole, in the order of the shutters, and erased with their receipts", async (t) => {
  const phone = await openPhone(t);
  const records = await phone.take(3);
  const bodies = [];
  const put = async (request) => {
    bodies.push(sha256(await request.body.arrayBuffer()));
    request.respond(200);
  };

  assert.equal(await phone.serve(phone.replay(), { put }), "drained");

  assert.deepEqual(
    bodies,
    records.map((record) => record.sha256),
  );
  assert.deepEqual(await phone.list(), []);
  for (const { photoId } of records) {
    assert.equal((await phone.queue.receipt(photoId)).state, "stored");
    await assert.rejects(phone.queue.bytes(photoId), { code: "photo-missing" });
  }
});

test("a photo in review is not sent", async (t) => {
  const phone = await openPhone(t);
  await phone.queue.add(capture());

  assert.equal(await phone.replay(), "drained");

  assert.deepEqual(phone.net.log, []);
  assert.deepEqual(await phone.states(), ["captured"]);
});

test("the server receives everything the contract names, and the store exactly what was signed", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const running = phone.replay();

  const presign = await phone.net.next("presign");
  assert.deepEqual(presign.body.photos[0], {
    photoId: record.photoId,
    consultationId: record.consultationId,
    owner: "anna",
    contentType: "image/jpeg",
    size: 64,
    sha256: record.sha256,
    width: 800,
    height: 600,
    capturedAt: record.capturedAt,
  });
  assert.equal(presign.init.headers["X-CP-Client"], "1");
  assert.equal(presign.init.headers.Authorization, "Bearer token-1");
  assert.equal(presign.init.credentials, "same-origin");
  assert.equal((await phone.list())[0].everSigned, true);
  presign.sign();
  const put = await phone.net.next("put");
  assert.deepEqual(put.init.headers, { "content-type": "image/jpeg", "if-none-match": "*" });
  assert.equal(put.init.credentials, "omit");
  assert.deepEqual(await phone.states(), ["sending"]);
  put.respond(200);
  const complete = await phone.net.next("complete");
  assert.deepEqual(complete.body, {
    owner: "anna",
    consultationId: record.consultationId,
    sha256: record.sha256,
  });
  await until(async () => (await phone.states())[0] === "confirming");
  complete.receipt();

  assert.equal(await running, "drained");
});

test("PUTs go one at a time while the confirmation of the one before is under way", async (t) => {
  const phone = await openPhone(t);
  await phone.take(3);
  const running = phone.replay();
  (await phone.net.next("presign")).sign();

  (await phone.net.next("put")).respond(200);
  const complete = await phone.net.next("complete");
  const second = await phone.net.next("put");
  assert.deepEqual(await phone.states(), ["confirming", "sending", "queued"]);
  complete.receipt();
  await until(() => phone.clock.next <= phone.clock.time + 100);
  phone.clock.advance(100);
  await until(async () => (await phone.list()).length === 2);
  assert.equal(phone.net.count("put"), 2);
  second.respond(200);

  assert.equal(await phone.serve(running), "drained");
  assert.equal(phone.net.mostPutsAtOnce, 1);
});

test("PUTs stop when four confirmations are outstanding", async (t) => {
  const phone = await openPhone(t);
  await phone.take(6);
  const running = phone.replay();
  (await phone.net.next("presign")).sign();

  for (let i = 0; i < 4; i += 1) (await phone.net.next("put")).respond(200);
  await until(() => phone.net.count("complete") === 4);
  (await phone.net.next("presign")).sign();
  for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
  assert.equal(phone.net.count("put"), 4);

  assert.equal(await phone.serve(running), "drained");
});

test("URLs for the next minute are fetched while a photo is being sent", async (t) => {
  const phone = await openPhone(t);
  await phone.take(40);
  const running = phone.replay();
  (await phone.net.next("presign")).sign();
  const first = await phone.net.next("put");
  phone.clock.advance(6_000);
  first.respond(200);

  await phone.net.next("put");
  const second = await phone.net.next("presign");

  assert.equal(second.body.photos.length, 10 - 4 + 1);
  phone.net.waiting.push(second);
  const stuck = phone.net.log.filter((what) => what === "put").length;
  assert.equal(stuck, 2);
  await phone.close();
  assert.equal(await running, "aborted");
});

test("a URL older than 240 s is dropped and a new one asked for", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  const running = phone.replay({ budgetMs: 1e9 });
  (await phone.net.next("presign")).sign();
  const put = await phone.net.next("put");

  phone.clock.time += 241_000;
  put.respond(200);

  const again = await phone.net.next("presign");
  assert.equal(again.body.photos.length, 1);
  again.sign();
  assert.equal(await phone.serve(running), "drained");
});

test("a photo approved during a replay is taken along", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const running = phone.replay();
  const presign = await phone.net.next("presign");
  await phone.take(1);
  presign.sign();

  assert.equal(await phone.serve(running), "drained");

  assert.equal(phone.net.count("put"), 2);
  assert.deepEqual(await phone.list(), []);
});

test("a photo that has waited for a year is sent like any other", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId }] = await phone.take(1);

  phone.clock.time += 365 * 86_400_000;

  assert.equal(await phone.serve(phone.replay()), "drained");
  assert.equal(phone.net.count("put"), 1);
  assert.equal((await phone.queue.receipt(photoId)).state, "stored");
});

test("a photo that the server already has is not sent again", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const presign = (request) => {
    const [photo] = request.body.photos;
    request.respond(200, {
      results: [{ photoId: photo.photoId, receipt: receiptFor(photo.photoId, photo) }],
    });
  };

  assert.equal(await phone.serve(phone.replay(), { presign }), "drained");

  assert.equal(phone.net.count("put"), 0);
  assert.deepEqual(await phone.list(), []);
});

test("a photo deleted on the desktop is erased here with its receipt", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId }] = await phone.take(1);
  const complete = (request) => request.receipt({ state: "deleted", receivedAt: null });

  assert.equal(await phone.serve(phone.replay(), { complete }), "drained");

  assert.deepEqual(await phone.list(), []);
  assert.equal((await phone.queue.receipt(photoId)).state, "deleted");
  assert.equal((await phone.queue.list("anna")).storedToday, 0);
});

for (const change of [
  { sha256: "0".repeat(64) },
  { owner: "ben" },
  { consultationId: "another" },
  { photoId: "another" },
  { state: "pending" },
]) {
  test(`a receipt with another ${Object.keys(change)[0]} erases nothing`, async (t) => {
    const phone = await openPhone(t);
    const [record] = await phone.take(1);
    const complete = (request) => request.receipt(change);

    assert.equal(await phone.serve(phone.replay(), { complete }), "drained");

    const [photo] = await phone.list();
    assert.deepEqual([photo.state, photo.reason], ["parked", "receipt-mismatch"]);
    assert.equal(sha256(await phone.queue.bytes(record.photoId)), record.sha256);
    assert.equal(await phone.queue.receipt(record.photoId), null);
  });
}

test("412 from the store means: let the server verify", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const put = (request) => request.respond(412);

  assert.equal(await phone.serve(phone.replay(), { put }), "drained");

  assert.deepEqual(phone.net.log, ["presign", "put", "complete"]);
  assert.deepEqual(await phone.list(), []);
});

test("a PUT whose answer was lost is stored once", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const put = (request) => request.fail();

  assert.equal(await phone.serve(phone.replay(), { put }), "drained");

  assert.equal(phone.net.count("put"), 1);
  assert.deepEqual(await phone.list(), []);
});

test("a complete whose answer was lost is asked again without sending again", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  let lost = 0;
  const complete = (request) => ((lost += 1) === 1 ? request.fail() : request.receipt());
  const running = phone.serve(phone.replay(), { complete });

  await until(async () => (await phone.list())[0]?.reason === "no-answer");
  assert.deepEqual(await phone.states(), ["waiting"]);
  await phone.pass(1_000);

  assert.equal(await running, "drained");
  assert.deepEqual(phone.net.log, ["presign", "put", "complete", "complete"]);
});

test("a portal that answers the PUT with a page is not trusted", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  let tries = 0;
  const complete = (request) =>
    (tries += 1) === 1 ? request.problem(409, "not-uploaded") : request.receipt();
  const running = phone.serve(phone.replay(), { complete });

  await until(async () => (await phone.list())[0]?.reason === "store-unreachable");
  assert.equal(sha256(await phone.queue.bytes(record.photoId)), record.sha256);
  await phone.pass(1_000);

  assert.equal(await running, "drained");
  assert.deepEqual(phone.net.log, ["presign", "put", "complete", "presign", "put", "complete"]);
});

test("a portal that answers every API request with a page stores nothing and erases nothing", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  const portal = (request) => request.raw(new Response("<html>Log in</html>", { status: 200 }));

  const outcome = await phone.serve(phone.replay({ longestPauseMs: 0 }), { presign: portal });

  assert.equal(outcome, "waiting");
  const photos = await phone.list();
  assert.deepEqual(
    photos.map(({ state, reason, attempt }) => [state, reason, attempt]),
    [
      ["waiting", "not-ours", 1],
      ["waiting", "not-ours", 1],
    ],
  );
});

test("a deleted photo that had a URL goes when the server has confirmed, and only then", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  await phone.queueStore.markSigned([record.photoId], "anna");
  await phone.queue.remove(record.photoId);
  const running = phone.replay();

  const request = await phone.net.next("delete");
  assert.equal(request.url, `/api/photos/${record.photoId}?owner=anna`);
  assert.deepEqual(await phone.states(), ["deleting"]);
  request.respond(200, receiptFor(record.photoId, record, { state: "deleted" }));

  assert.equal(await running, "drained");
  assert.deepEqual(await phone.list(), []);
  assert.equal((await phone.queue.receipt(record.photoId)).state, "deleted");
});

test("a deleted photo that the server never knew is gone too", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  await phone.queueStore.markSigned([record.photoId], "anna");
  await phone.queue.remove(record.photoId);
  const running = phone.replay();

  (await phone.net.next("delete")).problem(404, "photo-not-found");

  assert.equal(await running, "drained");
  assert.deepEqual(await phone.list(), []);
  assert.equal(await phone.queue.receipt(record.photoId), null);
});

for (const [name, refuse, reason] of [
  [
    "without a page's sign-in",
    (request) => request.problem(401, "unauthenticated"),
    "unauthenticated",
  ],
  ["by a broken link", (request) => request.fail(), "no-answer"],
  ["under another user's sign-in", (request) => request.problem(409, "other-owner"), "other-owner"],
  [
    "with a receipt that says stored",
    (request, record) => request.respond(200, receiptFor(record.photoId, record)),
    "not-deleted",
  ],
]) {
  test(`a deletion answered ${name} stays and is tried again`, async (t) => {
    const phone = await openPhone(t);
    phone.token = null;
    const [record] = await phone.take(1);
    await phone.queueStore.markSigned([record.photoId], "anna");
    await phone.queue.remove(record.photoId);
    const running = phone.replay();

    refuse(await phone.net.next("delete"), record);
    await until(async () => (await phone.list())[0].reason === reason);
    assert.deepEqual(await phone.states(), ["deleting"]);
    await phone.pass(1_000);
    const again = await phone.net.next("delete");
    again.respond(200, receiptFor(record.photoId, record, { state: "deleted" }));

    assert.equal(await running, "drained");
    assert.deepEqual(await phone.list(), []);
  });
}

test("a deletion that cannot be signed in for does not hold up sending", async (t) => {
  const phone = await openPhone(t);
  phone.token = null;
  const [old] = await phone.take(1);
  await phone.queueStore.markSigned([old.photoId], "anna");
  await phone.queue.remove(old.photoId);
  await phone.take(2);
  const refused = (request) => request.problem(401, "unauthenticated");

  const outcome = await phone.serve(phone.replay({ longestPauseMs: 0 }), { delete: refused });

  assert.equal(outcome, "waiting");
  assert.equal(phone.net.count("put"), 2);
  assert.deepEqual(await phone.states(), ["deleting"]);
});

test("a deletion that another replay has finished is not asked for again", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  await phone.queueStore.markSigned([record.photoId], "anna");
  await phone.queue.remove(record.photoId);
  const read = phone.queueStore.readRecord.bind(phone.queueStore);
  phone.queueStore.readRecord = async (photoId, owner) => {
    await phone.queueStore.settlePhoto(photoId, receiptFor(photoId, record, { state: "deleted" }));
    return read(photoId, owner);
  };

  assert.equal(await phone.replay(), "drained");

  assert.deepEqual(phone.net.log, []);
  assert.deepEqual(await phone.list(), []);
});

test("a photo deleted while its URL is asked for is not sent", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const running = phone.replay();
  const presign = await phone.net.next("presign");
  const quiet = phone.queue.changes.publish;
  phone.queue.changes.publish = () => {};
  await phone.queue.remove(record.photoId);
  phone.queue.changes.publish = quiet;
  presign.sign();

  const request = await phone.net.next("delete");
  request.respond(200, receiptFor(record.photoId, record, { state: "deleted" }));

  assert.equal(await running, "drained");
  assert.equal(phone.net.count("put"), 0);
});

test("a photo deleted while its URL is asked for is not taken for stored", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const running = phone.replay();
  const presign = await phone.net.next("presign");
  await phone.queue.remove(record.photoId);
  presign.respond(200, {
    results: [{ photoId: record.photoId, receipt: receiptFor(record.photoId, record) }],
  });

  await until(async () => (await phone.list())[0].reason === "not-deleted");
  await phone.pass(2_000);
  const request = await phone.net.next("delete");
  request.respond(200, receiptFor(record.photoId, record, { state: "deleted" }));

  assert.equal(await running, "drained");
  assert.equal((await phone.queue.receipt(record.photoId)).state, "deleted");
});

test("a photo erased before its URL is asked for is left out", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const mark = phone.queueStore.markSigned.bind(phone.queueStore);
  phone.queueStore.markSigned = async (...args) => {
    await phone.queue.remove(record.photoId);
    return mark(...args);
  };

  assert.equal(await phone.replay(), "drained");

  assert.deepEqual(phone.net.log, []);
});

test("a photo that another replay has finished needs no confirmation", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const read = phone.queueStore.readRecord.bind(phone.queueStore);
  phone.queueStore.readRecord = async (photoId, owner) => {
    await phone.queueStore.settlePhoto(photoId, receiptFor(photoId, record));
    return read(photoId, owner);
  };

  assert.equal(await phone.serve(phone.replay()), "drained");

  assert.deepEqual(phone.net.log, ["presign", "put"]);
});

test("a receipt for a photo that another replay has finished changes nothing", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const complete = async (request) => {
    await phone.queueStore.settlePhoto(record.photoId, receiptFor(record.photoId, record));
    request.receipt();
  };

  assert.equal(await phone.serve(phone.replay(), { complete }), "drained");

  assert.equal((await phone.queue.list("anna")).storedToday, 1);
});

test("another user's photos are neither read nor sent", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2, { owner: "ben" });
  await phone.take(1);

  assert.equal(await phone.serve(phone.replay()), "drained");

  assert.equal(phone.net.count("put"), 1);
  assert.deepEqual(await phone.states("ben"), ["queued", "queued"]);
  assert.equal((await phone.list("ben"))[0].everSigned, false);
});

test("nothing is sent for a user who signed out, nor without a user", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  await phone.queue.setOwner({ id: "anna", name: "Anna", signedOut: true });
  assert.equal(await phone.replay(), "nobody");

  await phone.queue.setOwner(null);
  assert.equal(await phone.replay(), "nobody");

  assert.deepEqual(phone.net.log, []);
});

for (const next of [
  { id: "ben", name: "Ben" },
  { id: "anna", name: "Anna", signedOut: true },
]) {
  const whom = next.signedOut ? "the user signs out" : "another user signs in";

  test(`a replay ends when ${whom}, and sends nothing more`, async (t) => {
    const phone = await openPhone(t);
    await phone.take(3);
    const running = phone.replay();
    (await phone.net.next("presign")).sign();
    await phone.net.next("put");

    await phone.queue.setOwner(next);

    assert.equal(await running, "aborted");
    assert.deepEqual(phone.net.log, ["presign", "put"]);
    assert.equal((await phone.list("anna")).length, 3);
  });

  test(`no photo is handed out once ${whom}`, async (t) => {
    const phone = await openPhone(t);
    const [{ photoId }] = await phone.take(1);
    await phone.queue.setOwner(next);

    assert.deepEqual(await phone.queueStore.markSigned([photoId], "anna"), []);
    assert.deepEqual(await phone.queueStore.claimPhoto(photoId, "anna", []), {
      refused: "changed",
    });
    assert.equal(await phone.queueStore.readRecord(photoId, "anna"), null);
    assert.deepEqual(await phone.states("anna"), ["queued"]);
  });

  test(`a deletion is not taken for done, since the server knows no such photo, once ${whom}`, async (t) => {
    const phone = await openPhone(t);
    const [{ photoId }] = await phone.take(1);
    await phone.queueStore.markSigned([photoId], "anna");
    await phone.queue.remove(photoId);
    await phone.queue.setOwner(next);

    assert.equal(await phone.queueStore.settlePhoto(photoId, null), "not-deleted");
    assert.deepEqual(await phone.states("anna"), ["deleting"]);
    await phone.queue.setOwner({ id: "anna", name: "Anna" });
    assert.equal(await phone.queueStore.settlePhoto(photoId, null), "deleted");
  });
}

test("two replays racing make one PUT at a time", async (t) => {
  const phone = await openPhone(t);
  const other = await openPhone(t, phone);
  other.net = phone.net;
  await phone.take(5);
  const first = phone.replay();

  assert.equal(await other.replay(), "busy");

  const waiting = other.replay({ wait: true });
  assert.equal(await phone.serve(first), "drained");
  assert.equal(await phone.serve(waiting), "drained");
  assert.equal(phone.net.mostPutsAtOnce, 1);
  assert.equal(phone.net.count("put"), 5);
});

test("a lock whose holder is silent for 90 s is stolen, and the old holder stops", async (t) => {
  const phone = await openPhone(t);
  const other = await openPhone(t, phone);
  await phone.take(1);
  const frozen = phone.replay();
  await phone.net.next("presign");
  assert.equal(await other.replay(), "busy");

  // Frozen: time passes for every replay but its timers do not run.
  phone.clock.time += 90_001;
  const outcome = await other.serve(other.replay());

  assert.equal(outcome, "drained");
  assert.equal(await frozen, "busy");
  assert.equal(phone.net.count("put"), 0);
  assert.equal(other.net.count("put"), 1);
});

test("a holder that is at work keeps its lock however long it takes", async (t) => {
  const phone = await openPhone(t);
  const other = await openPhone(t, phone);
  await phone.take(1);
  const running = phone.replay({ budgetMs: 1e9 });
  await phone.net.next("presign");

  for (let i = 0; i < 8; i += 1) {
    phone.clock.advance(15_000);
    await until(async () => (await phone.queueStore.msSinceHeartbeat()) < 15_000);
  }

  assert.equal(await other.replay(), "busy");
  await phone.close();
  assert.equal(await running, "aborted");
});

test("after its budget a replay begins nothing new", async (t) => {
  const phone = await openPhone(t);
  await phone.take(3);
  const running = phone.replay({ budgetMs: 5_000 });
  (await phone.net.next("presign")).sign();
  const put = await phone.net.next("put");
  phone.clock.advance(5_000);
  put.respond(200);

  assert.equal(await phone.serve(running), "stopped");

  assert.equal(phone.net.count("put"), 1);
  assert.deepEqual(await phone.states(), ["queued", "queued", "queued"]);
  assert.equal((await phone.list())[0].sent, true);
  assert.equal(await phone.serve(phone.replay()), "drained");
  assert.equal(phone.net.count("put"), 3);
});

test("what a killed replay left as moving can be deleted and sent again", async (t) => {
  const phone = await openPhone(t);
  const [sending, confirming] = await phone.take(2);
  await phone.queueStore.markSigned([sending.photoId, confirming.photoId], "anna");
  await phone.queueStore.claimPhoto(sending.photoId, "anna", []);
  await phone.queueStore.claimPhoto(confirming.photoId, "anna", []);
  const sent = { reason: null, attempt: 0, equal: 0, sent: true, inMs: null };
  await phone.queueStore.writeStatus([
    { photoId: confirming.photoId, state: "confirming", ...sent },
  ]);

  assert.equal(await phone.serve(phone.replay()), "drained");

  assert.equal(phone.net.count("put"), 1);
  assert.equal(phone.net.count("complete"), 2);
});

test("an aborted replay stops its requests and begins no others", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  const controller = new AbortController();
  const running = phone.replay({ signal: controller.signal });
  (await phone.net.next("presign")).sign();
  const put = await phone.net.next("put");

  controller.abort();

  assert.equal(await running, "aborted");
  assert.equal(put.init.signal.aborted, true);
  assert.equal(await phone.replay({ signal: controller.signal }), "aborted");
  assert.equal((await phone.list()).length, 2);
});

test("a storage that fails ends the replay with its error and without a request left behind", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  phone.queueStore.writeStatus = async () => {
    throw new DOMException("", "UnknownError");
  };
  const running = phone.replay();
  running.catch(() => undefined);
  (await phone.net.next("presign")).sign();
  const put = await phone.net.next("put");
  put.problem(403, "expired");

  await assert.rejects(phone.serve(running, { put: WELL.put }), { name: "UnknownError" });
  assert.equal(phone.locks.held, null);
});

test("a storage that fails twice at once ends the replay once", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const broken = async () => {
    throw new DOMException("", "UnknownError");
  };
  const running = phone.replay();
  (await phone.net.next("presign")).sign();
  (await phone.net.next("put")).respond(200);
  const complete = await phone.net.next("complete");
  Object.assign(phone.queueStore, { writeStatus: broken, writePause: broken });
  complete.fail();

  await assert.rejects(running, { name: "UnknownError" });
  assert.equal(phone.locks.held, null);
});

test("a request that hangs is given up at its limit", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const running = phone.replay({ longestPauseMs: 0 });
  await phone.net.next("presign");

  phone.clock.advance(9_999);
  assert.deepEqual(await phone.states(), ["queued"]);
  phone.clock.advance(1);

  assert.equal(await running, "waiting");
  assert.equal((await phone.list())[0].reason, "timed-out");
});

test("a PUT is given 15 s and a quarter of a millisecond for each byte", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1, { bytes: new Uint8Array(4_000).fill(7).buffer });
  const running = phone.replay();
  (await phone.net.next("presign")).sign();
  const put = await phone.net.next("put");

  phone.clock.advance(15_999);
  assert.equal(put.init.signal.aborted, false);
  phone.clock.advance(1);
  assert.equal(put.init.signal.aborted, true);

  (await phone.net.next("complete")).receipt();
  assert.equal(await running, "drained");
});
