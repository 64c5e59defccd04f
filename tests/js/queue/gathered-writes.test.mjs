/** The replay's writes share transactions; each is written in its turn and fails alone. */
import assert from "node:assert/strict";
import test from "node:test";

import { GatheredWrites } from "../../../pwa/queue/replay/overlap/gathered-writes.js";
import { openPhone } from "./support.mjs";

async function start(t) {
  const { queue } = await openPhone(t);
  const transactions = [];
  const database = {
    write: (stores, work) => {
      transactions.push([...stores]);
      return queue.database.write(stores, work);
    },
  };
  const read = (key) => queue.database.read(["meta"], (tx) => tx.objectStore("meta").get(key));
  return { writes: new GatheredWrites(database), transactions, read };
}

const put = (value, key) => (tx) => tx.objectStore("meta").put(value, key);

test("what is asked for at once, or while a write is under way, shares a transaction", async (t) => {
  const { writes, transactions } = await start(t);

  const first = [
    writes.write(["meta"], put(1, "a")),
    writes.write(["photos", "meta"], put(2, "b")),
  ];
  await null;
  await null;
  const second = [writes.write(["meta"], put(3, "c")), writes.write(["receipts"], async () => "d")];

  assert.deepEqual(await Promise.all([...first, ...second]), ["a", "b", "c", "d"]);
  assert.deepEqual(transactions, [
    ["meta", "photos"],
    ["meta", "receipts"],
  ]);
});

test("each reads what the one before has written", async (t) => {
  const { writes } = await start(t);
  const add = (tx) => {
    const meta = tx.objectStore("meta");
    return meta.get("n").then((n = 0) => meta.put(n + 1, "n").then(() => n + 1));
  };

  const all = [1, 2, 3].map(() => writes.write(["meta"], add));

  assert.deepEqual(await Promise.all(all), [1, 2, 3]);
});

test("one that fails takes no other along", async (t) => {
  const { writes, transactions, read } = await start(t);
  const fail = async (tx) => {
    await tx.objectStore("meta").put("never", "b");
    throw new DOMException("", "QuotaExceededError");
  };

  const [a, b, c] = await Promise.allSettled([
    writes.write(["meta"], put(1, "a")),
    writes.write(["meta"], fail),
    writes.write(["meta"], put(3, "c")),
  ]);

  assert.deepEqual([a.status, b.status, c.status], ["fulfilled", "rejected", "fulfilled"]);
  assert.equal(b.reason.name, "QuotaExceededError");
  assert.deepEqual([await read("a"), await read("b"), await read("c")], [1, undefined, 3]);
  assert.equal(transactions.length, 4);
});

test("a reader can wait for all that was asked for, until it is written or has failed", async (t) => {
  const { writes, read } = await start(t);
  await writes.written();

  const failing = writes.write(["meta"], async () => {
    throw new Error("broken");
  });
  failing.catch(() => undefined);
  void writes.write(["meta"], put(1, "a"));
  await writes.written();

  assert.equal(await read("a"), 1);
  await assert.rejects(failing, /broken/);
});
