/**
 * A long day without a connection: 500 photos, one in a hundred of which no server will take. One
 * PUT at a time, the bytes of that photo and of the next one, and no bad photo in the way of a good one.
 */
import assert from "node:assert/strict";
import test from "node:test";

import { Uploader } from "../../../pwa/queue/replay/uploader.js";
import { ServerModel } from "./server-model.mjs";
import { openPhone } from "./support.mjs";

const PHOTOS = 500;
const POISONED_EVERY = 100;
const SIZE = 2_000;

/** What is in memory: handed out by the database, and not yet let go by the end of its PUT. */
class Memory {
  photos = 0;
  most = 0;
  reads = 0;

  take() {
    this.reads += 1;
    this.photos += 1;
    this.most = Math.max(this.most, this.photos);
  }
}

/** Counts every way in which bytes can leave the database. */
function watched(phone, memory) {
  const { database } = phone.queue;
  for (const method of ["read", "write"]) {
    const original = database[method].bind(database);
    database[method] = (stores, work) => original(stores, (tx) => work(counting(tx, memory)));
  }
}

const counting = (tx, memory) =>
  new Proxy(tx, {
    get: (real, name) => {
      if (name === "objectStore") return (store) => storeOf(real.objectStore(store), store, memory);
      return bound(real, name);
    },
  });

const storeOf = (store, name, memory) =>
  new Proxy(store, {
    get: (real, method) => {
      if (name === "bytes" && /^(get|getAll|openCursor|iterate)$/.test(String(method)))
        memory.take();
      return bound(real, method);
    },
  });

function bound(real, name) {
  const value = Reflect.get(real, name, real);
  return typeof value === "function" ? value.bind(real) : value;
}

/** A server that takes no poisoned photo, and a network that lets go of bytes when a PUT ends. */
function network(phone, memory, poisoned) {
  const server = new ServerModel();
  const fetch = async (url, init) => {
    const complete = url.endsWith("/complete");
    if (complete && poisoned.has(url.split("/").at(-2))) return invalidImage();
    try {
      return await server.handle(url, init);
    } finally {
      if (init.method === "PUT") memory.photos -= 1;
    }
  };
  const credentials = { token: async () => "token" };
  return { server, uploader: new Uploader({ fetch, clock: phone.clock, credentials }) };
}

function invalidImage() {
  const body = JSON.stringify({ status: 422, code: "invalid-image" });
  return new Response(body, { status: 422, headers: { "X-CP-Server": "capture/1" } });
}

test("of 500 photos 495 are stored and 5 parked, one PUT and two photos in memory at a time", async (t) => {
  const phone = await openPhone(t);
  const bytes = () => crypto.getRandomValues(new Uint8Array(SIZE)).buffer;
  const records = [];
  for (let i = 0; i < PHOTOS; i += 1) records.push(...(await phone.take(1, { bytes: bytes() })));
  const bad = records.filter((_, i) => i % POISONED_EVERY === 0);
  const poisoned = new Set(bad.map((record) => record.photoId));
  const memory = new Memory();
  const { server, uploader } = network(phone, memory, poisoned);
  watched(phone, memory);

  assert.equal(await phone.replay({ network: uploader }), "drained");

  const left = await phone.list();
  assert.equal([...server.rows.values()].filter((row) => row.state === "stored").length, 495);
  assert.deepEqual(new Set(left.map((photo) => photo.photoId)), poisoned);
  assert.ok(left.every((photo) => photo.state === "parked" && photo.reason === "invalid-image"));
  assert.equal(server.mostPutsAtOnce, 1);
  assert.equal(memory.most, 2);
  assert.equal(memory.reads, PHOTOS);
});

test("the control: a replay that reads all photos first is seen holding them", async (t) => {
  const phone = await openPhone(t);
  const records = await phone.take(5);
  const memory = new Memory();
  watched(phone, memory);

  await Promise.all(records.map((record) => phone.queue.bytes(record.photoId)));

  assert.equal(memory.most, 5);
});
