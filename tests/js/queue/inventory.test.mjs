/** The device inventory: complete, sent once, in parts that are true by themselves. */
import assert from "node:assert/strict";
import test from "node:test";

import { sendInventory } from "../../../pwa/queue/inventory.js";
import { newPhotoId } from "../../../pwa/queue/photo-record.js";
import { deleteDB } from "../../../pwa/vendor/idb.js";
import { CONSULTATION, TestLocks, capture, openPhone, until } from "./support.mjs";

const PUBLIC = ["photoId", "consultationId", "capturedAt", "state"];

/** A server that keeps what it receives, and may be out of reach. */
function fakeServer() {
  const received = [];
  const state = { down: false, received };
  state.send = async (list) => {
    if (state.down) return false;
    received.push(list);
    return true;
  };
  return state;
}

async function start(t) {
  const phone = await openPhone(t);
  const server = fakeServer();
  const locks = new TestLocks();
  const report = () => sendInventory({ database: phone.queue.database, locks, send: server.send });
  return { phone, server, locks, report };
}

const idsOf = (list) => list.held.map(({ photoId }) => photoId);

test("every photo is reported with what identifies it, and nothing about the patient", async (t) => {
  const { phone, server, report } = await start(t);
  const shot = await phone.queue.add(capture());
  const [queued] = await phone.take(1);

  assert.equal(await report(), true);

  const [list] = server.received;
  const { owner, deleted, after, through } = list;
  assert.deepEqual(
    { owner, deleted, after, through },
    {
      owner: "anna",
      deleted: [],
      after: null,
      through: null,
    },
  );
  assert.deepEqual(list.held.map(Object.keys), [PUBLIC, PUBLIC]);
  assert.deepEqual(Object.fromEntries(list.held.map(({ photoId, state }) => [photoId, state])), {
    [shot.photoId]: "captured",
    [queued.photoId]: "queued",
  });
  assert.equal(list.held[0].consultationId, CONSULTATION);
  assert.doesNotMatch(JSON.stringify(server.received), /Left knee/);
});

test("photos are reported in the order of their ids, whenever they were kept", async (t) => {
  const { phone, server, report } = await start(t);
  const ids = [9e11, 1e11, 5e11].map(newPhotoId);
  for (const photoId of ids) await phone.queue.add(capture({ photoId }));

  await report();

  assert.deepEqual(idsOf(server.received[0]), ids.toSorted());
});

test("an unchanged inventory is not sent twice, and a changed one is sent again", async (t) => {
  const { phone, server, report } = await start(t);
  await report();
  await report();
  assert.equal(server.received.length, 1, "even an empty inventory is sent once");

  const record = await phone.queue.add(capture());
  await report();
  await phone.queue.approve([record.photoId]);
  await report();
  await report();

  assert.deepEqual(
    server.received.map(({ held }) => held.map(({ state }) => state)),
    [[], ["captured"], ["queued"]],
  );
});

test("a photo that is being sent is not reported again", async (t) => {
  const { phone, server, report } = await start(t);
  const [{ photoId }] = await phone.take(1);
  await report();

  await phone.queueStore.claimPhoto(photoId, "anna", []);
  await report();

  assert.equal(server.received.length, 1);
});

test("a photo deleted here is reported until the server has received it, and then no more", async (t) => {
  const { phone, server, report } = await start(t);
  const { photoId } = await phone.queue.add(capture());
  await report();
  await phone.queue.remove(photoId);
  server.down = true;
  assert.equal(await report(), false);
  assert.equal(await report(), false);

  server.down = false;
  await report();
  await report();

  assert.deepEqual(server.received.at(-1), {
    ...{ owner: "anna", held: [], deleted: [photoId], after: null, through: null },
  });
  assert.equal(server.received.length, 2);
});

test("a photo that was deleted after it had a URL counts as deleted all the while", async (t) => {
  const { phone, server, report } = await start(t);
  const [{ photoId }] = await phone.take(1);
  await phone.queueStore.markSigned([photoId], "anna");
  await report();

  await phone.queue.remove(photoId);
  await report();
  await report();
  assert.equal(server.received.length, 2);
  assert.deepEqual([server.received[1].held, server.received[1].deleted], [[], [photoId]]);

  await phone.queueStore.settlePhoto(photoId, null);
  await report();
  assert.deepEqual(server.received.at(-1).deleted, [photoId]);
});

test("a replaced photo is reported as deleted", async (t) => {
  const { phone, server, report } = await start(t);
  const old = await phone.queue.add(capture());
  const taken = await phone.queue.add(capture({ retakeOf: old.photoId }));
  await phone.queue.replaceAfterRetake(taken.photoId, old.photoId);

  await report();

  assert.deepEqual(
    [idsOf(server.received[0]), server.received[0].deleted],
    [[taken.photoId], [old.photoId]],
  );
});

test("a stored photo is not deleted: the server itself has it", async (t) => {
  const { phone, server, report } = await start(t);
  await phone.take(1);
  await report();

  await phone.serve(phone.replay());
  await report();

  assert.deepEqual([server.received[1].held, server.received[1].deleted], [[], []]);
});

test("a cleared phone reports an empty inventory", async (t) => {
  const { phone, server, report } = await start(t);
  await phone.take(2);
  await report();

  await phone.queue.database.close();
  await deleteDB(phone.name);
  assert.equal(await report(), false, "no user is signed in yet");
  await phone.queue.setOwner({ id: "anna", name: "Anna" });
  await report();

  assert.deepEqual([server.received[1].held, server.received[1].deleted], [[], []]);
});

test("more photos than fit are reported in parts that meet without a gap", async (t) => {
  const { phone, server, report } = await start(t);
  await fill(phone, 601);

  await report();

  const lists = server.received;
  assert.deepEqual(
    lists.map(({ held }) => held.length),
    [300, 300, 1],
  );
  assert.equal(lists[0].after, null);
  assert.equal(lists.at(-1).through, null);
  for (const [i, list] of lists.slice(1).entries()) {
    assert.equal(list.after, lists[i].through);
    assert.equal(idsOf(lists[i]).at(-1), lists[i].through);
    assert.ok(idsOf(list)[0] > list.after);
  }
});

test("many deletions go first, in lists that claim nothing about other photos", async (t) => {
  const { phone, server, report } = await start(t);
  const gone = await fill(phone, 401);
  for (const photoId of gone) await phone.queue.remove(photoId);

  await report();

  assert.deepEqual(
    server.received.map(({ deleted }) => deleted.length),
    [200, 200, 1],
  );
  assert.deepEqual(
    server.received.map(({ through }) => through),
    [...Array(2).fill("00000000-0000-0000-0000-000000000000"), null],
  );
});

test("two lists are never on their way at once", async (t) => {
  const { phone, server } = await start(t);
  await phone.take(1);
  let answer;
  server.send = () => new Promise((resolve) => (answer = resolve));
  const locks = new TestLocks();
  const parts = { database: phone.queue.database, locks, send: (list) => server.send(list) };
  const first = sendInventory(parts);
  await until(() => answer);

  assert.equal(await sendInventory(parts), false);

  answer(true);
  assert.equal(await first, true);
});

/** Many small photos, written as the queue writes them. */
async function fill(phone, count) {
  const model = await phone.queue.add(capture());
  const ids = [model.photoId];
  await phone.queue.database.write(["photos", "meta"], async (tx) => {
    for (let seq = 2; seq <= count; seq += 1) {
      const photoId = capture().photoId;
      ids.push(photoId);
      await tx.objectStore("photos").put({ ...model, photoId, seq });
    }
    await tx.objectStore("meta").put(count, "lastSeq");
  });
  return ids;
}
