/** What the phone tells of the photos it holds: complete, once, in parts that are true by themselves. */
import assert from "node:assert/strict";
import test from "node:test";

import { announce } from "../../../pwa/queue/announcing.js";
import { deleteDB } from "../../../pwa/vendor/idb.js";
import { CONSULTATION, TestLocks, capture, openPhone, until } from "./support.mjs";

const PUBLIC = ["photoId", "consultationId", "capturedAt", "state"];

/** A server that keeps what it hears, and may be out of reach. */
function server() {
  const heard = [];
  const state = { down: false, heard };
  state.send = async (list) => {
    if (state.down) return false;
    heard.push(list);
    return true;
  };
  return state;
}

async function start(t) {
  const phone = await openPhone(t);
  const told = server();
  const locks = new TestLocks();
  const tell = () => announce({ database: phone.queue.database, locks, send: told.send });
  return { phone, told, locks, tell };
}

const idsOf = (list) => list.held.map(({ photoId }) => photoId);

test("every photo is told with what names it, and no word about the patient", async (t) => {
  const { phone, told, tell } = await start(t);
  const shot = await phone.queue.add(capture());
  const [queued] = await phone.take(1);

  assert.equal(await tell(), true);

  const [list] = told.heard;
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
  assert.doesNotMatch(JSON.stringify(told.heard), /Left knee/);
});

test("the same is not told twice, and anything else is told again", async (t) => {
  const { phone, told, tell } = await start(t);
  await tell();
  await tell();
  assert.equal(told.heard.length, 1, "even an empty phone says so once");

  const record = await phone.queue.add(capture());
  await tell();
  await phone.queue.approve([record.photoId]);
  await tell();
  await tell();

  assert.deepEqual(
    told.heard.map(({ held }) => held.map(({ state }) => state)),
    [[], ["captured"], ["queued"]],
  );
});

test("sending and waiting are not worth a word", async (t) => {
  const { phone, told, tell } = await start(t);
  const [{ photoId }] = await phone.take(1);
  await tell();

  await phone.ledger.claim(photoId, "anna", []);
  await tell();

  assert.equal(told.heard.length, 1);
});

test("a photo deleted here is told until the server has heard it, and then no more", async (t) => {
  const { phone, told, tell } = await start(t);
  const { photoId } = await phone.queue.add(capture());
  await tell();
  await phone.queue.remove(photoId);
  told.down = true;
  assert.equal(await tell(), false);
  assert.equal(await tell(), false);

  told.down = false;
  await tell();
  await tell();

  assert.deepEqual(told.heard.at(-1), {
    ...{ owner: "anna", held: [], deleted: [photoId], after: null, through: null },
  });
  assert.equal(told.heard.length, 2);
});

test("a photo that was deleted after it had a URL counts as deleted all the while", async (t) => {
  const { phone, told, tell } = await start(t);
  const [{ photoId }] = await phone.take(1);
  await phone.ledger.markSigned([photoId], "anna");
  await tell();

  await phone.queue.remove(photoId);
  await tell();
  await tell();
  assert.equal(told.heard.length, 2);
  assert.deepEqual([told.heard[1].held, told.heard[1].deleted], [[], [photoId]]);

  await phone.ledger.settle(photoId, null);
  await tell();
  assert.deepEqual(told.heard.at(-1).deleted, [photoId]);
});

test("a replaced photo and one that could not be proven are told as deleted", async (t) => {
  const { phone, told, tell } = await start(t);
  const old = await phone.queue.add(capture());
  const taken = await phone.queue.add(capture({ retakeOf: old.photoId }));
  await phone.queue.replaceAfterRetake(taken.photoId, old.photoId);

  await tell();

  assert.deepEqual([idsOf(told.heard[0]), told.heard[0].deleted], [[taken.photoId], [old.photoId]]);
});

test("a stored photo is not deleted: the server itself has it", async (t) => {
  const { phone, told, tell } = await start(t);
  await phone.take(1);
  await tell();

  await phone.serve(phone.replay());
  await tell();

  assert.deepEqual([told.heard[1].held, told.heard[1].deleted], [[], []]);
});

test("a cleared phone says that it holds nothing", async (t) => {
  const { phone, told, tell } = await start(t);
  await phone.take(2);
  await tell();

  await phone.queue.database.close();
  await deleteDB(phone.name);
  assert.equal(await tell(), false, "nobody is signed in yet");
  await phone.queue.setOwner({ id: "anna", name: "Anna" });
  await tell();

  assert.deepEqual([told.heard[1].held, told.heard[1].deleted], [[], []]);
});

test("more photos than fit are told in parts that meet without a gap", async (t) => {
  const { phone, told, tell } = await start(t);
  await fill(phone, 601);

  await tell();

  const lists = told.heard;
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

test("many deletions go first, in lists that claim nothing about what is held", async (t) => {
  const { phone, told, tell } = await start(t);
  const gone = await fill(phone, 401);
  for (const photoId of gone) await phone.queue.remove(photoId);

  await tell();

  assert.deepEqual(
    told.heard.map(({ deleted }) => deleted.length),
    [200, 200, 1],
  );
  assert.deepEqual(
    told.heard.map(({ through }) => through),
    [...Array(2).fill("00000000-0000-0000-0000-000000000000"), null],
  );
});

test("two lists are never on their way at once", async (t) => {
  const { phone, told } = await start(t);
  await phone.take(1);
  let answer;
  told.send = () => new Promise((resolve) => (answer = resolve));
  const locks = new TestLocks();
  const parts = { database: phone.queue.database, locks, send: (list) => told.send(list) };
  const first = announce(parts);
  await until(() => answer);

  assert.equal(await announce(parts), false);

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
