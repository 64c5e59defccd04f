/**
 * What the replay does beside a PUT: the next photo is read and hashed, receipts are written several
 * at a time. Whether the next photo may leave is asked when its turn has come, whatever was read.
 */
import assert from "node:assert/strict";
import test from "node:test";

import { ReadAhead } from "../../../pwa/queue/replay/overlap/read-ahead.js";
import { Uploader } from "../../../pwa/queue/replay/uploader.js";
import { WELL, capture, openPhone, receiptFor, sha256, until } from "./support.mjs";

const PHOTOS = 40;

/** Counts transactions, what they read of bytes, and hashes. */
function counted(t, phone) {
  const found = { reads: 0, writes: 0, bytes: 0, hashes: 0, stores: [] };
  const { database } = phone.queue;
  for (const [method, name] of [
    ["read", "reads"],
    ["write", "writes"],
  ]) {
    const original = database[method].bind(database);
    database[method] = (stores, work) => {
      found[name] += 1;
      found.stores.push(`${method} ${stores}`);
      if (name === "reads" && stores.includes("bytes")) found.bytes += 1;
      return original(stores, work);
    };
  }
  const { digest } = crypto.subtle;
  t.after(() => (crypto.subtle.digest = digest));
  crypto.subtle.digest = (...args) => {
    found.hashes += 1;
    return digest.apply(crypto.subtle, args);
  };
  return found;
}

/** The first of these photos is being sent, and the second was read and hashed meanwhile. */
async function readAhead(t, count) {
  const phone = await openPhone(t);
  const records = await phone.take(count);
  const found = counted(t, phone);
  const running = phone.replay();
  (await phone.net.next("presign")).sign();
  const put = await phone.net.next("put");
  await until(() => found.hashes === 2);
  return { phone, records, found, running, put };
}

/** As a change of another context whose notice has not come yet. */
async function unnoticed(phone, change) {
  const { publish } = phone.queue.changes;
  phone.queue.changes.publish = () => {};
  await change();
  phone.queue.changes.publish = publish;
}

test("between two PUTs lies one write, without any photo's bytes", async (t) => {
  const { phone, found, running, put } = await readAhead(t, 2);
  found.stores.length = 0;
  const hashes = found.hashes;

  put.respond(200);
  await phone.net.next("put");

  assert.deepEqual(found.stores, ["write photos,meta"]);
  assert.equal(found.hashes, hashes);
  await phone.close();
  assert.equal(await running, "aborted");
});

test("two photos cost at most three transactions that write, and each is read and hashed once", async (t) => {
  const phone = await openPhone(t);
  await phone.take(PHOTOS);
  const found = counted(t, phone);

  assert.equal(await phone.serve(phone.replay()), "drained");

  assert.ok(found.writes <= 1.5 * PHOTOS, `${found.writes} writes`);
  assert.ok(found.reads <= PHOTOS + 10, `${found.reads} reads`);
  assert.equal(found.bytes, PHOTOS);
  assert.equal(found.hashes, PHOTOS);
});

test("the control: a replay that reads nothing ahead and gathers nothing is seen to", async (t) => {
  const phone = await openPhone(t);
  const records = await phone.take(PHOTOS);
  const found = counted(t, phone);

  for (const record of records) {
    await phone.queueStore.readRecord(record.photoId, "anna");
    await phone.queueStore.claimPhoto(record.photoId, "anna", []);
    await phone.queueStore.settlePhoto(record.photoId, receiptFor(record.photoId, record));
  }

  assert.ok(found.writes > 1.5 * PHOTOS);
});

test("a photo deleted after it was read ahead is not sent", async (t) => {
  const { phone, records, running, put } = await readAhead(t, 2);
  const gone = records[1];

  await unnoticed(phone, () => phone.queue.remove(gone.photoId));
  put.respond(200);
  const request = await phone.net.next("complete");
  request.receipt();
  const answer = receiptFor(gone.photoId, gone, { state: "deleted" });
  (await phone.net.next("delete")).respond(200, answer);

  assert.equal(await phone.serve(running), "drained");
  assert.equal(phone.net.count("put"), 1);
  assert.equal((await phone.queue.receipt(gone.photoId)).state, "deleted");
});

test("a photo replaced after it was read ahead is not sent, and the retake is", async (t) => {
  const { phone, records, running, put } = await readAhead(t, 2);
  const old = records[1];
  const taken = await phone.queue.add(capture({ retakeOf: old.photoId }));

  await unnoticed(phone, () => phone.queue.replaceAfterRetake(taken.photoId, old.photoId));
  await phone.queue.approve([taken.photoId]);
  put.respond(200);
  const sent = [];
  const answers = {
    put: (request) => (sent.push(request.photoId), request.respond(200)),
    delete: (request) => request.respond(200, receiptFor(old.photoId, old, { state: "deleted" })),
  };

  assert.equal(await phone.serve(running, answers), "drained");
  assert.deepEqual(sent, [taken.photoId]);
});

for (const next of [
  { id: "ben", name: "Ben" },
  { id: "anna", name: "Anna", signedOut: true },
]) {
  const whom = next.signedOut ? "its user signed out" : "another user signed in";

  test(`a photo read ahead is not sent once ${whom}, even before the replay was told`, async (t) => {
    const { phone, running, put } = await readAhead(t, 2);

    await unnoticed(phone, () => phone.queue.setOwner(next));
    put.respond(200);

    assert.equal(await phone.serve(running), "aborted");
    assert.deepEqual(phone.net.log, ["presign", "put"]);
    assert.equal((await phone.list("anna")).length, 2);
  });
}

test("a photo whose stored bytes went bad after they were read ahead is sent as it was taken", async (t) => {
  const { phone, records, running, put } = await readAhead(t, 2);
  await phone.queue.database.write(["bytes"], (tx) =>
    tx.objectStore("bytes").put(new ArrayBuffer(64), records[1].photoId),
  );
  const bodies = [];
  put.respond(200);
  const keep = async (request) => {
    bodies.push(sha256(await request.body.arrayBuffer()));
    request.respond(200);
  };

  assert.equal(await phone.serve(running, { put: keep }), "drained");
  assert.deepEqual(bodies, [records[1].sha256]);
});

test("other bytes than the record names are never sent, whenever they were read", async (t) => {
  const phone = await openPhone(t);
  const [, second] = await phone.take(2);
  const { bytes } = await phone.queueStore.readBytes(second.photoId);
  const spoil = (kept) =>
    phone.queue.database.write(["bytes"], (tx) =>
      tx.objectStore("bytes").put(kept, second.photoId),
    );
  const claim = (ahead) => phone.queueStore.claimPhoto(second.photoId, "anna", [], ahead);
  await spoil(new ArrayBuffer(64));
  const wrong = await phone.queueStore.readBytes(second.photoId);

  assert.deepEqual(await claim(Promise.resolve(wrong)), { refused: "record-damaged" });
  assert.deepEqual(await claim(null), { refused: "record-damaged" });
  await spoil(bytes);
  const claimed = await claim(Promise.resolve(wrong));
  assert.equal(sha256(claimed.bytes), second.sha256);
  await phone.queue.database.write(["bytes"], (tx) =>
    tx.objectStore("bytes").delete(second.photoId),
  );
  assert.deepEqual(await claim(null), { refused: "record-damaged" });
});

/** From here on, reading this photo's bytes fails so. */
function unreadable(phone, photoId, name) {
  const { database } = phone.queue;
  const read = database.read.bind(database);
  const failing = (work) => (tx) =>
    work({
      objectStore: (store) => ({
        get: async (key) => {
          if (key === photoId) throw new DOMException("", name);
          return tx.objectStore(store).get(key);
        },
      }),
    });
  database.read = (stores, work) => read(stores, stores.join() === "bytes" ? failing(work) : work);
}

for (const name of ["NotReadableError", "NotFoundError", "DataError"])
  test(`a photo whose bytes the browser has lost holds no other one up: ${name}`, async (t) => {
    const phone = await openPhone(t);
    const records = await phone.take(3);
    unreadable(phone, records[1].photoId, name);

    assert.equal(await phone.serve(phone.replay()), "drained");

    const left = await Promise.all(
      records.map(({ photoId }) => phone.queueStore.readRecord(photoId, "anna")),
    );
    assert.deepEqual(
      left.map((record) => record && [record.state, record.reason]),
      [null, ["parked", "record-damaged"], null],
    );
  });

test("a photo whose bytes cannot be read for now can be deleted meanwhile", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  unreadable(phone, record.photoId, "UnknownError");
  const claim = phone.queueStore.claimPhoto(record.photoId, "anna", []);

  await assert.rejects(claim, { name: "UnknownError" });
  assert.equal((await phone.queueStore.readRecord(record.photoId, "anna")).state, "queued");
});

test("a photo that left while its bytes could not be read does not come back", async (t) => {
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const { database } = phone.queue;
  const { read } = database;
  database.read = async () => {
    await database.write(["photos"], (tx) => tx.objectStore("photos").delete(record.photoId));
    throw new DOMException("", "UnknownError");
  };
  const claim = phone.queueStore.claimPhoto(record.photoId, "anna", []);

  await assert.rejects(claim, { name: "UnknownError" });
  database.read = read;
  assert.equal(await phone.queueStore.readRecord(record.photoId, "anna"), null);
});

test("one photo is read ahead: another one at its turn, or one that failed, is read again", async () => {
  const read = [];
  const ahead = new ReadAhead({
    readBytes: async (photoId) => {
      read.push(photoId);
      if (photoId === "bad") throw new DOMException("", "UnknownError");
      return { bytes: photoId, sha256: null };
    },
  });

  ahead.begin(null);
  ahead.begin("one");
  ahead.begin("one");
  assert.equal((await ahead.take("one")).bytes, "one");
  assert.equal(ahead.take("one"), null);
  ahead.begin("one");
  assert.equal(ahead.take("two"), null);
  ahead.begin("bad");
  assert.equal(await ahead.take("bad"), null);
  assert.deepEqual(read, ["one", "one", "bad"]);
});

/** So many photos are confirmed while one more is being sent. */
async function confirmed(t, count, answer = WELL.complete) {
  const phone = await openPhone(t);
  const records = await phone.take(count + 1);
  const found = counted(t, phone);
  const { network, answers } = answering(phone);
  const running = phone.replay({ network });
  (await phone.net.next("presign")).sign();
  const receive = (/** @type {any} */ request) => answer(request, records);
  for (let i = 0; i < count; i += 1) {
    (await phone.net.next("put")).respond(200);
    receive(await phone.net.next("complete"));
  }
  const last = await phone.net.next("put");
  await until(() => answers.complete === count);
  return { phone, records, found, running, last };
}

/** A network whose understood answers are counted. */
function answering(phone) {
  const credentials = { token: async () => "token" };
  const network = new Uploader({ fetch: phone.net.fetch, clock: phone.clock, credentials });
  const answers = { complete: 0 };
  const complete = network.complete.bind(network);
  network.complete = (...args) => complete(...args).finally(() => (answers.complete += 1));
  return { network, answers };
}

const settling = ({ stores }) => stores.filter((name) => /^write .*receipts/.test(name));

test("receipts that come close together are written in one transaction", async (t) => {
  const { phone, found, running } = await confirmed(t, 3);
  assert.deepEqual(settling(found), []);

  phone.clock.advance(100);
  await until(async () => (await phone.list()).length === 1);

  assert.equal(settling(found).length, 1);
  await phone.close();
  assert.equal(await running, "aborted");
});

test("each receipt of a transaction has its own answer", async (t) => {
  const mixed = (request, records) =>
    request.photoId === records[1].photoId
      ? request.receipt({ sha256: "0".repeat(64) })
      : request.receipt();
  const { phone, records, running, last } = await confirmed(t, 3, mixed);

  phone.clock.advance(100);
  last.respond(200);

  assert.equal(await phone.serve(running), "drained");
  const [left, ...others] = await phone.list();
  assert.deepEqual([left.photoId, left.reason], [records[1].photoId, "receipt-mismatch"]);
  assert.deepEqual(others, []);
});

test("what has a receipt is erased before an aborted replay gives up the lock", async (t) => {
  const { phone, records, running } = await confirmed(t, 2);

  await phone.queue.setOwner({ id: "anna", name: "Anna", signedOut: true });

  assert.equal(await running, "aborted");
  assert.deepEqual(
    (await phone.list()).map((photo) => photo.photoId),
    [records[2].photoId],
  );
});

test("no time passes before the last receipts are written", async (t) => {
  const phone = await openPhone(t);
  await phone.take(3);

  assert.equal(await phone.serve(phone.replay()), "drained");

  assert.equal(phone.clock.time, 0);
  assert.deepEqual(await phone.list(), []);
});
