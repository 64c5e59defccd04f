/** The phone's database: every write strict, lost connections reopened once, versions respected. */
import assert from "node:assert/strict";
import test from "node:test";

import { forceCloseDatabase } from "fake-indexeddb";

import { Database } from "../../../pwa/queue/database.js";
import { openQueue } from "../../../pwa/queue/queue.js";
import { deleteDB, openDB } from "../../../pwa/vendor/idb.js";
import { capture, openPhone, receiptFor } from "./support.mjs";

let databases = 0;
const fresh = (t) => {
  const name = `database-${(databases += 1)}`;
  const database = new Database(name);
  t.after(() => database.close());
  return { name, database };
};
const put = (key) => (tx) => tx.objectStore("meta").put(key, key);
const get = (key) => (tx) => tx.objectStore("meta").get(key);

/** Records what every transaction was opened with while `work` runs. */
async function transactionsOf(work) {
  const seen = [];
  const original = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    seen.push([mode, options?.durability]);
    return original.call(this, stores, mode, options);
  };
  try {
    await work();
  } finally {
    IDBDatabase.prototype.transaction = original;
  }
  return seen;
}

test("every write of a photo's whole life is strict", async (t) => {
  const phone = await openPhone(t);

  const seen = await transactionsOf(async () => {
    const [one, two] = await phone.take(2);
    await phone.serve(phone.replay());
    await phone.queue.remove(one.photoId);
    await phone.queueStore.settlePhoto(two.photoId, receiptFor(two.photoId, two));
    await phone.queue.setConsultation({ id: "c" });
  });

  const writes = seen.filter(([mode]) => mode === "readwrite");
  assert.ok(writes.length > 10);
  assert.deepEqual(new Set(writes.map(([, durability]) => durability)), new Set(["strict"]));
});

test("the control: a relaxed write would be seen", async (t) => {
  const { name, database } = fresh(t);
  await database.write(["meta"], put("a"));
  const db = await openDB(name);
  t.after(() => db.close());

  const seen = await transactionsOf(async () => db.put("meta", 1, "b"));

  assert.deepEqual(seen, [["readwrite", undefined]]);
});

for (const name of ["InvalidStateError", "UnknownError"]) {
  test(`a connection lost with ${name} is reopened and the work done once more`, async (t) => {
    const { database } = fresh(t);
    let tries = 0;

    const value = await database.write(["meta"], async (tx) => {
      tries += 1;
      if (tries === 1) throw new DOMException("connection is closing", name);
      await put("a")(tx);
      return "done";
    });

    assert.deepEqual([value, tries], ["done", 2]);
    assert.equal(await database.read(["meta"], get("a")), "a");
  });
}

test("a connection lost twice is reported", async (t) => {
  const { database } = fresh(t);
  let tries = 0;

  const writing = database.write(["meta"], async () => {
    tries += 1;
    throw new DOMException("", "UnknownError");
  });

  await assert.rejects(writing, { name: "UnknownError" });
  assert.equal(tries, 2);
});

test("work that throws writes nothing, and is not tried again", async (t) => {
  const { database } = fresh(t);
  let tries = 0;

  const writing = database.write(["meta"], async (tx) => {
    tries += 1;
    await put("a")(tx);
    throw new Error("changed my mind");
  });

  await assert.rejects(writing, /changed my mind/);
  assert.equal(await database.read(["meta"], get("a")), undefined);
  assert.equal(tries, 1);
});

test("work that throws something odd after its transaction has ended is reported as it is", async (t) => {
  const { database } = fresh(t);

  const writing = database.write(["meta"], async (tx) => {
    await put("a")(tx);
    await tx.done;
    throw "odd";
  });

  await assert.rejects(writing, (thrown) => thrown === "odd");
  assert.equal(await database.read(["meta"], get("a")), "a");
});

test("a newer version of the app upgrades at once: this one steps aside", async (t) => {
  const { name, database } = fresh(t);
  await database.write(["meta"], put("a"));

  const newer = await openDB(name, 99);
  t.after(() => newer.close());

  await assert.rejects(database.read(["meta"], get("a")), {
    name: "StorageRefused",
    code: "newer",
  });
  await assert.rejects(openQueue({ name }), { name: "StorageRefused", code: "newer" });
  assert.equal(await newer.get("meta", "a"), "a");
});

test("an upgrade from this version keeps its stores as they are", async (t) => {
  const { database } = fresh(t);
  await database.write(["meta"], put("a"));
  await database.close();
  const original = indexedDB.open.bind(indexedDB);
  t.after(() => delete indexedDB.open);
  indexedDB.open = (opened) => original(opened, 2);

  assert.equal(await database.read(["meta"], get("a")), "a");
});

test("a connection that the browser ends by itself is opened again", async (t) => {
  const { database } = fresh(t);
  const opened = [];
  const original = indexedDB.open.bind(indexedDB);
  t.after(() => delete indexedDB.open);
  indexedDB.open = (...args) => {
    const request = original(...args);
    request.addEventListener("success", () => opened.push(request.result));
    return request;
  };
  await database.write(["meta"], put("a"));

  forceCloseDatabase(opened[0]);

  assert.equal(await database.read(["meta"], get("a")), "a");
  assert.equal(opened.length, 2);
});

test("a database that cannot be opened is tried again the next time", async (t) => {
  const { database } = fresh(t);
  const original = indexedDB.open;
  indexedDB.open = () => {
    throw new DOMException("", "SecurityError");
  };
  await assert.rejects(database.read(["meta"], get("a")), { name: "SecurityError" });
  await assert.rejects(openQueue({ name: "closed" }), { name: "StorageRefused", code: "lost" });
  indexedDB.open = original;

  await database.write(["meta"], put("a"));

  assert.equal(await database.read(["meta"], get("a")), "a");
});

test("closing a database that could not be opened is no trouble", async () => {
  const database = new Database("never");
  const original = indexedDB.open;
  indexedDB.open = () => {
    throw new DOMException("", "SecurityError");
  };
  const reading = database.read(["meta"], get("a"));

  await database.close();

  await assert.rejects(reading, { name: "SecurityError" });
  indexedDB.open = original;
});

test("evicted storage is an empty queue, not an error", async (t) => {
  const phone = await openPhone(t);
  await phone.queue.add(capture());
  await phone.queue.close();
  await deleteDB(phone.name);

  await phone.open();

  assert.deepEqual(await phone.list(), []);
});
