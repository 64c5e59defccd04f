/**
 * A replay killed at every step it takes: whatever the n-th step is, the photos are on the phone or
 * on the server, and the next replay brings each of them there exactly once.
 */
import assert from "node:assert/strict";
import test from "node:test";

import { Database } from "../../../pwa/queue/database.js";
import { Uploader } from "../../../pwa/queue/replay/uploader.js";
import { ServerModel } from "./server-model.mjs";
import { openPhone, sha256, until } from "./support.mjs";

const FOREVER = new Promise(() => {});

/** Lets so many steps pass and then nothing any more, as a kill does. */
class Fuse {
  steps = 0;
  constructor(limit) {
    this.limit = limit;
  }
  get blown() {
    return this.steps >= this.limit;
  }
  async pass() {
    if (this.blown) await FOREVER;
    this.steps += 1;
  }
}

/** Every database transaction and every request may be the last: before it, or after it. */
function fused(phone, server, fuse) {
  for (const method of ["read", "write"]) {
    const original = phone.queue.database[method].bind(phone.queue.database);
    phone.queue.database[method] = async (stores, work) => {
      await fuse.pass();
      const result = await original(stores, work);
      await fuse.pass();
      return result;
    };
  }
  return async (url, init) => {
    await fuse.pass();
    const response = await server.handle(url, init);
    await fuse.pass();
    return response;
  };
}

const network = (phone, fetch) =>
  new Uploader({ fetch, clock: phone.clock, credentials: { token: async () => "token" } });

/** Idle: nothing has happened for a while, in turns of the event loop. */
async function quiet(fuse) {
  let before = -1;
  for (let still = 0; still < 12; still += 1) {
    if (fuse.steps !== before) still = 0;
    before = fuse.steps;
    await new Promise(setImmediate);
  }
}

async function onPhone(phone, record) {
  const bytes = await phone.queue.bytes(record.photoId).catch(() => null);
  return bytes !== null && sha256(bytes) === record.sha256;
}

/** I1 at this instant, I2 and I3 when `atRest`. */
async function check(phone, server, records, { atRest }) {
  for (const record of records) {
    const here = await onPhone(phone, record);
    const there = server.holds(record);
    assert.ok(here || there, `lost: ${record.seq}`);
    if (atRest) assert.ok(here !== there, `in both places at rest: ${record.seq}`);
  }
  assert.ok(server.mostPutsAtOnce <= 1);
}

/** One life: a replay killed after `limit` steps, then another that ends well. */
async function killAfter(t, limit) {
  const server = new ServerModel();
  const phone = await openPhone(t);
  const records = await phone.take(3);
  const fuse = new Fuse(limit);
  let ended = false;
  const killed = phone.replay({ network: network(phone, fused(phone, server, fuse)) });
  void killed.then(() => (ended = true));
  await until(() => ended || fuse.blown);
  await quiet(fuse);

  // The browser is gone: its locks with it, its database as it was committed.
  phone.queue.changes.close();
  phone.queue.database = new Database(phone.name);
  phone.locks.drop();
  const next = await openPhone(t, { name: phone.name, clock: phone.clock });
  await check(next, server, records, { atRest: false });
  const outcome = await next.replay({
    network: network(next, (...args) => server.handle(...args)),
  });

  assert.equal(outcome, "drained");
  await check(next, server, records, { atRest: true });
  assert.deepEqual(await next.list(), []);
  assert.ok(records.every((record) => server.rows.get(record.photoId).state === "stored"));
  return ended;
}

test("no photo is lost, doubled or held up by a kill at any step of a replay", async (t) => {
  let limit = 0;
  while (!(await killAfter(t, limit))) limit += 1;

  assert.ok(limit > 40, `only ${limit} steps`);
});

test("a photo deleted before a kill at any step stays deleted", async (t) => {
  for (let limit = 0, ended = false; !ended; limit += 1) {
    const server = new ServerModel();
    const phone = await openPhone(t);
    const [record] = await phone.take(1);
    await phone.queueStore.markSigned([record.photoId], "anna");
    server.rows.set(record.photoId, { ...record, state: "pending" });
    await phone.queue.remove(record.photoId);
    const fuse = new Fuse(limit);
    const killed = phone.replay({ network: network(phone, fused(phone, server, fuse)) });
    void killed.then(() => (ended = true));
    await until(() => ended || fuse.blown);
    await quiet(fuse);

    const next = await openPhone(t, { name: phone.name, clock: phone.clock });
    const answer = (...args) => server.handle(...args);
    assert.equal(await next.replay({ network: network(next, answer) }), "drained");

    assert.equal(server.rows.get(record.photoId).state, "deleted");
    assert.deepEqual(await next.list(), []);
  }
});

test("a photo killed while it is kept is whole or not there", async (t) => {
  for (let limit = 0, ended = false; !ended; limit += 1) {
    const phone = await openPhone(t);
    const fuse = new Fuse(limit);
    fused(phone, null, fuse);
    const taking = phone.take(1);
    void taking.then(() => (ended = true));
    await until(() => ended || fuse.blown);
    await quiet(fuse);

    const next = await openPhone(t, { name: phone.name });
    for (const record of await next.list()) assert.ok(await onPhone(next, record));
  }
});

test("the control: a phone that erases on a bare 200 loses photos to a portal", async (t) => {
  const server = new ServerModel();
  const phone = await openPhone(t);
  const [record] = await phone.take(1);
  const portal = async (url, init) => {
    const bare = url.endsWith("/complete") || url.startsWith("https://store.test/");
    return bare ? new Response("<html>", { status: 200 }) : server.handle(url, init);
  };
  const careless = network(phone, portal);
  careless.complete = async ({ photoId, ...claim }) => ({
    ok: true,
    receipt: { ...claim, photoId, state: "stored", filedIn: claim.consultationId },
  });

  await phone.replay({ network: careless });

  await assert.rejects(check(phone, server, [record], { atRest: false }), /lost/);
});
