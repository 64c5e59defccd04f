/** A fault of the store is not the photo's: only where another photo gets through is a refusal its own. */
import assert from "node:assert/strict";
import test from "node:test";

import { openPhone, until } from "./support.mjs";

const xml = (code) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
const store = (status, code) => (r) =>
  r.raw(new Response(xml(code), { status, headers: { "Content-Type": "application/xml" } }));
const page = (status) => (r) =>
  r.raw(new Response("<h1>No</h1>", { status, headers: { "Content-Type": "text/html" } }));
const lost = (r) => r.problem(409, "not-uploaded");

/** What a whole store may answer, and the queue's code for it. */
const REFUSALS = [
  ["an expired role", store(403, "ExpiredToken"), "store-403"],
  ["a wrong region", store(400, "AuthorizationQueryParametersError"), "store-400"],
  ["a bucket that is gone", store(404, "NoSuchBucket"), "store-4xx"],
  ["a method that it does not take", store(405, "MethodNotAllowed"), "store-4xx"],
  ["no keys at all", store(401, "AccessDenied"), "store-4xx"],
  ["a server whose clock is wrong", store(403, "RequestTimeTooSkewed"), "store-clock"],
  ["a limit of its own", store(400, "EntityTooLarge"), "size-refused"],
  ["a proxy's limit", page(413), "size-refused"],
  ["a limit without a page", store(413, ""), "size-refused"],
  ["something that filters", page(403), "blocked"],
];

async function waitsForAll(phone, turn, reason) {
  const paused = async () => (await phone.queue.list("anna")).pause?.attempt === turn;
  await until(paused, `pause ${turn}`);
  assert.equal((await phone.queue.list("anna")).pause.reason, reason);
  await until(async () => (await phone.states()).every((state) => state === "waiting"));
  const rows = await phone.queueStore.load("anna");
  assert.deepEqual(new Set(rows.map(({ attempt, state }) => `${attempt} ${state}`)), QUEUED);
}
const QUEUED = new Set(["0 queued"]);

for (const [what, refuse, reason] of REFUSALS) {
  for (const count of [1, 2, 6]) {
    test(`${what} refuses ${count} of ${count}: all wait, none is blamed, all go after the repair`, async (t) => {
      const phone = await openPhone(t);
      await phone.take(count);
      let broken = true;
      const put = (r) => (broken ? refuse(r) : r.respond(200));
      const running = phone.serve(phone.replay({ budgetMs: 1e9 }), { put });

      for (let turn = 1; turn <= 7; turn += 1) {
        await waitsForAll(phone, turn, reason);
        broken = turn < 7;
        await phone.pass(30_000);
      }

      assert.equal(await running, "drained");
      assert.deepEqual(await phone.list(), []);
      assert.equal((await phone.queue.list("anna")).pause, null);
    });
  }
}

for (const [what, answer, reason] of [
  ["a store that is full", store(507, "InsufficientStorage"), "storage-full"],
  ["a page of the network's", page(200), "not-ours"],
  ["a network that wants a sign-in", page(511), "not-ours"],
  ["silence", (r) => r.fail(), "store-unreachable"],
]) {
  test(`a PUT that met ${what} waits for that, once the server says that nothing came`, async (t) => {
    const phone = await openPhone(t);
    await phone.take(2);
    let broken = true;
    const put = (r) => (broken ? answer(r) : r.respond(200));
    const complete = (r) => (broken ? lost(r) : r.receipt());
    const running = phone.serve(phone.replay(), { put, complete });

    await waitsForAll(phone, 1, reason);
    broken = false;
    await phone.pass(30_000);

    assert.equal(await running, "drained");
  });
}

test("the pause says since when, through all its attempts", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const running = phone.serve(phone.replay(), { put: store(403, "AccessDenied") });
  await waitsForAll(phone, 1, "store-403");
  const { since } = (await phone.queue.list("anna")).pause;
  assert.equal(since, phone.clock.wall());
  await phone.pass(30_000);

  await waitsForAll(phone, 2, "store-403");

  assert.equal((await phone.queue.list("anna")).pause.since, since);
  await phone.close();
  assert.equal(await running, "aborted");
});

for (const left of [1, 3]) {
  test(`a role that expires while photos go parks none of the ${left} that are left`, async (t) => {
    const phone = await openPhone(t);
    await phone.take(3 + left);
    let broken = true;
    let puts = 0;
    const put = (r) => ((puts += 1) > 3 && broken ? store(403, "ExpiredToken")(r) : r.respond(200));
    const running = phone.serve(phone.replay({ budgetMs: 1e9 }), { put });

    for (let turn = 1; turn <= 6; turn += 1) {
      await waitsForAll(phone, turn, "store-403");
      broken = turn < 6;
      await phone.pass(30_000);
    }

    assert.equal(await running, "drained");
    assert.deepEqual(await phone.list(), []);
  });
}

test("the next run still knows that only a photo that gets through ends the wait", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  const pause = { concerns: "link", reason: "store-403", attempt: 5, inMs: 0 };
  await phone.queueStore.writePause(pause);

  const running = phone.replay();
  (await phone.net.next("presign")).sign();
  await until(() => phone.net.waiting.length > 0);
  assert.equal((await phone.queue.list("anna")).pause.attempt, 5);

  assert.equal(await phone.serve(running), "drained");
  assert.equal((await phone.queue.list("anna")).pause, null);
});

for (const bad of [1, 2, 3]) {
  test(`${bad} refused of ${bad + 3} hold no other up, and need attention in the end`, async (t) => {
    const phone = await openPhone(t);
    const photos = await phone.take(bad + 3);
    const poisoned = new Set(photos.slice(0, bad).map(({ photoId }) => photoId));
    const put = (r) => (poisoned.has(r.photoId) ? page(413)(r) : r.respond(200));
    let over = false;
    const endless = phone.replay({ budgetMs: 1e9 });
    const running = phone.serve(endless, { put }).finally(() => (over = true));
    const come = (done) => phone.passUntil(async () => over || done());

    await come(async () => (await phone.list()).length === bad);
    assert.ok(phone.clock.time < 20_000, `the others went at once, not after ${phone.clock.time}`);
    // More photos come: each that gets through decides whose refusal it was.
    for (let more = 0; more < 4 && !over; more += 1) {
      await phone.take(1);
      await come(async () => (await phone.list()).length === bad);
    }
    await come(() => false);

    assert.equal(await running, "drained");
    assert.equal(await phone.serve(phone.replay(), { put }), "drained", "whatever came last");
    const left = await phone.list();
    assert.deepEqual(
      left.map(({ photoId, state, reason }) => [photoId, state, reason]),
      [...poisoned].map((photoId) => [photoId, "parked", "size-refused"]),
    );
  });
}

const parked = (reason) => ({
  state: "parked",
  reason,
  attempt: 3,
  equal: 3,
  sent: false,
  inMs: null,
});

for (const reason of [
  "store-400",
  "store-403",
  "not-stored",
  "http-404",
  "invalid-field",
  "invalid-image",
]) {
  test(`a photo that the version before parked with ${reason} goes by itself once it may`, async (t) => {
    const phone = await openPhone(t);
    await parkAsBefore(phone, reason);

    assert.equal(await phone.serve(phone.replay()), "drained");

    assert.deepEqual(await phone.list(), []);
  });
}

/** As a record looks that knows no rules. */
async function parkAsBefore(phone, reason) {
  const [{ photoId }] = await phone.take(1);
  await phone.queueStore.writeStatus([{ photoId, ...parked(reason) }]);
  await phone.queue.database.write(["photos"], async (tx) => {
    const { rules, ...record } = await tx.objectStore("photos").get(photoId);
    await tx.objectStore("photos").put(record);
  });
}

test("a photo that the version before parked waits with the others while the store refuses all", async (t) => {
  const phone = await openPhone(t);
  await parkAsBefore(phone, "store-403");
  let broken = true;
  const put = (r) => (broken ? store(403, "AccessDenied")(r) : r.respond(200));
  const running = phone.serve(phone.replay(), { put });
  await until(async () => (await phone.queue.list("anna")).pause !== null);

  assert.deepEqual(await phone.states(), ["waiting"]);
  broken = false;
  await phone.pass(30_000);

  assert.equal(await running, "drained");
  assert.deepEqual(await phone.list(), []);
});

test("a photo that this version found invalid stays parked", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId }] = await phone.take(1);
  await phone.queueStore.writeStatus([{ photoId, ...parked("invalid-image") }]);

  assert.equal(await phone.serve(phone.replay()), "drained");

  assert.deepEqual(await phone.states(), ["parked"]);
  assert.deepEqual(phone.net.log, []);
});

test("a photo refused alone is tried again by itself, and one more refusal parks it again", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId: refused }] = await phone.take(2);
  let broken = true;
  const put = (r) => (broken && r.photoId === refused ? store(403, "X")(r) : r.respond(200));
  const running = phone.serve(phone.replay(), { put });
  for (const attempt of [1, 2]) {
    await until(async () => (await phone.list())[0].attempt === attempt);
    await phone.pass(4_000);
  }
  assert.equal(await running, "drained");
  assert.deepEqual(await phone.states(), ["parked"]);
  const puts = phone.net.count("put");
  assert.equal(await phone.serve(phone.replay(), { put }), "drained");
  assert.equal(phone.net.count("put"), puts, "not before its time");

  await phone.pass(300_000);
  await phone.take(1);
  assert.equal(await phone.serve(phone.replay(), { put }), "drained");
  assert.deepEqual(await phone.states(), ["parked"]);
  assert.equal(phone.net.count("put"), puts + 2, "one that goes, and one to know");

  broken = false;
  await phone.pass(300_000);
  assert.equal(await phone.serve(phone.replay(), { put }), "drained");
  assert.deepEqual(await phone.list(), []);
});

test("another answer than what parked it does not park a photo that is tried again", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId: refused }] = await phone.take(2);
  let broken = true;
  const put = (r) => (broken && r.photoId === refused ? store(403, "X")(r) : r.respond(200));
  const running = phone.serve(phone.replay({ budgetMs: 1e9 }), { put });
  await phone.passUntil(async () => (await phone.states()).includes("parked"));
  assert.equal(await running, "drained");
  broken = false;

  let odd = true;
  const complete = (r) => (odd ? r.problem(418) : r.receipt());
  await phone.pass(300_000);
  const again = phone.serve(phone.replay({ budgetMs: 1e9 }), { put, complete });
  await until(async () => (await phone.list())[0]?.reason === "http-418");
  assert.deepEqual(await phone.states(), ["waiting"]);
  odd = false;
  await phone.pass(30_000);

  assert.equal(await again, "drained");
  assert.deepEqual(await phone.list(), []);
});

for (const code of ["store-refused", "store-not-encrypted"]) {
  test(`${code} at the receipt of one photo holds no other up, and it goes when that is over`, async (t) => {
    const phone = await openPhone(t);
    const [odd] = await phone.take(8);
    let broken = true;
    const complete = (r) =>
      broken && r.photoId === odd.photoId ? r.problem(503, code) : r.receipt();
    let over = false;
    const endless = phone.replay({ budgetMs: 1e9 });
    const running = phone.serve(endless, { complete }).finally(() => (over = true));

    await phone.passUntil(async () => (await phone.list()).length === 1);
    assert.deepEqual(
      (await phone.list()).map(({ photoId }) => photoId),
      [odd.photoId],
    );
    broken = false;
    await phone.passUntil(() => over);

    assert.equal(await running, "drained");
    assert.deepEqual(await phone.list(), []);
  });
}

test("a refused fresh token is not the same failure as no session", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);

  const presign = (r) => r.problem(401, "unauthenticated");
  assert.equal(await phone.serve(phone.replay(), { presign }), "needs-sign-in");

  assert.equal((await phone.queue.list("anna")).pause.reason, "sign-in-refused");
  assert.equal(phone.net.count("presign"), 2);
});
