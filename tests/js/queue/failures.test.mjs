/** Every row of the failure table, played through the real replay. */
import assert from "node:assert/strict";
import test from "node:test";

import { backoff } from "../../../pwa/queue/replay/retry-policy.js";
import { PHONE_CODES, SERVER_CODES, classify, failure } from "../../../pwa/queue/errors.js";
import { openPhone, sha256, signed, until } from "./support.mjs";

const STATUS = { "rate-limited": 429, internal: 500, "storage-full": 507, "other-owner": 409 };
const statusOf = (code) => STATUS[code] ?? (SERVER_CODES[code].concerns === "link" ? 503 : 422);
const withCodes = (concerns, ...actions) =>
  Object.keys(SERVER_CODES).filter(
    (code) =>
      SERVER_CODES[code].concerns === concerns &&
      (actions.length === 0 || actions.includes(SERVER_CODES[code].action)),
  );

for (const code of withCodes("link")) {
  for (const at of ["presign", "complete"]) {
    test(`${code} at ${at} makes the whole queue wait and counts nothing against the photo`, async (t) => {
      const phone = await openPhone(t);
      await phone.take(2);
      let failures = 0;
      const well = at === "presign" ? (r) => r.sign() : (r) => r.receipt();
      const fail = (r) => ((failures += 1) <= 4 ? r.problem(statusOf(code), code) : well(r));
      let over = false;
      const waits = [];
      const replay = phone.replay().finally(() => (over = true));
      const running = phone.serve(replay, { [at]: fail });

      await phone.passUntil(async () => {
        if (over) return true;
        const { pause, photos } = await phone.queue.list("anna");
        // A code that may be one photo's own lets another one try in between.
        if (pause) assert.equal(pause.reason, code);
        if (pause && pause.attempt !== waits.at(-1)) waits.push(pause.attempt);
        assert.ok(photos.every(({ state }) => state === "waiting"));
        const rows = await phone.queueStore.load("anna");
        assert.deepEqual(new Set(rows.map((row) => row.attempt)), new Set([0]));
        return false;
      });

      // Two photos may be refused in one breath, which is one wait.
      const all = [1, 2, 3, 4];
      assert.ok(failures > 4);
      assert.deepEqual(waits, at === "presign" ? all : all.slice(0, Math.max(3, waits.length)));
      assert.equal(await running, "drained");
      assert.equal((await phone.queue.list("anna")).pause, null);
    });
  }
}

for (const code of withCodes("person")) {
  test(`${code} pauses the queue, leaves the photos alone and goes on after the sign-in`, async (t) => {
    const phone = await openPhone(t);
    phone.token = null;
    await phone.take(3);
    let asked = 0;
    const complete = (r) => ((asked += 1) === 1 ? r.problem(401, code) : r.receipt());

    assert.equal(await phone.serve(phone.replay(), { complete }), "needs-sign-in");

    const before = await phone.list();
    assert.ok(before.every((photo) => photo.state === "needs-sign-in" && photo.attempt === 0));
    const puts = phone.net.count("put");
    const refuse = (r) => r.problem(401, code);
    const still = { presign: refuse, complete: refuse };
    assert.equal(await phone.serve(phone.replay(), still), "needs-sign-in");
    assert.ok((await phone.states()).every((state) => state === "needs-sign-in"));

    assert.equal(await phone.serve(phone.replay()), "drained");
    assert.deepEqual(await phone.list(), []);
    assert.equal(phone.net.count("put"), 3, `${puts} before the pause, none twice`);
  });
}

test("a token that died on the way is renewed once before the user is asked to sign in", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const running = phone.replay();
  phone.token = "token-2";

  (await phone.net.next("presign")).problem(401, "unauthenticated");
  const again = await phone.net.next("presign");
  assert.equal(again.init.headers.Authorization, "Bearer token-2");
  again.sign();

  assert.equal(await phone.serve(running), "drained");
});

test("a token that cannot be renewed leaves the first answer in place", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const running = phone.replay();
  const presign = await phone.net.next("presign");
  phone.token = null;
  presign.problem(401, "unauthenticated");

  assert.equal(await running, "needs-sign-in");
});

for (const code of withCodes("photo", "park").filter((code) => !SERVER_CODES[code].shared)) {
  test(`${code} parks the one photo with its reason and sends the others`, async (t) => {
    const phone = await openPhone(t);
    const [poisoned] = await phone.take(3);
    const complete = (r) =>
      r.photoId === poisoned.photoId ? r.problem(statusOf(code), code) : r.receipt();

    assert.equal(await phone.serve(phone.replay(), { complete }), "drained");

    const [photo, ...others] = await phone.list();
    assert.deepEqual([photo.state, photo.reason, others], ["parked", code, []]);
    assert.equal(sha256(await phone.queue.bytes(poisoned.photoId)), poisoned.sha256);
  });
}

test("other-owner leaves the photo for its owner", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const presign = (r) => r.respond(200, { results: [itemProblem(409, "other-owner")] });

  assert.equal(await phone.serve(phone.replay(), { presign }), "drained");

  const [photo] = await phone.list();
  assert.deepEqual([photo.state, photo.reason, photo.attempt], ["waiting", "other-owner", 0]);
});

const itemProblem = (status, code) => ({ photoId: null, problem: { status, code } });

const refusing = (photoId, status, code) => (r) =>
  r.respond(200, {
    results: r.body.photos.map((photo) =>
      photo.photoId === photoId ? itemProblem(status, code) : signed(photo),
    ),
  });

for (const code of [...withCodes("photo", "retry"), "unknown-code"]) {
  test(`${code} for one photo of two is tried three times and then parked`, async (t) => {
    const phone = await openPhone(t);
    const [{ photoId }] = await phone.take(2);
    const running = phone.serve(phone.replay(), { presign: refusing(photoId, 418, code) });

    for (const attempt of [1, 2]) {
      await until(async () => (await phone.list())[0].attempt === attempt);
      await until(async () => (await phone.states()).join() === "waiting");
      assert.ok((await phone.list())[0].nextTryAt > phone.clock.wall());
      await phone.pass(4_000);
    }

    assert.equal(await running, "drained");
    const [photo] = await phone.list();
    assert.deepEqual([photo.state, photo.attempt], ["parked", 3]);
    assert.equal(photo.reason, SERVER_CODES[code] ? code : "http-418");
    assert.equal(phone.net.count("presign"), 3);
  });

  test(`${code} for every photo there is makes the queue wait and is counted against none`, async (t) => {
    const phone = await openPhone(t);
    await phone.take(2);
    let asked = 0;
    const refuse = (r) =>
      (asked += 1) > 4
        ? r.sign()
        : r.respond(200, { results: r.body.photos.map(() => itemProblem(418, code)) });
    const running = phone.serve(phone.replay(), { presign: refuse });

    for (let turn = 1; turn <= 4; turn += 1) await waitsForAll(phone, turn);

    assert.equal(await running, "drained");
    assert.deepEqual(await phone.list(), []);
  });
}

/** The whole queue waits for the n-th time, and no photo bears the blame; then time passes. */
async function waitsForAll(phone, turn) {
  await until(async () => (await phone.queue.list("anna")).pause?.attempt === turn, `turn ${turn}`);
  const rows = await phone.queueStore.load("anna");
  assert.deepEqual(new Set(rows.map((row) => row.attempt)), new Set([0]));
  await until(async () => (await phone.states()).every((state) => state === "waiting"));
  await phone.pass(30_000);
}

test("different answers in turn are not equal answers", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId }] = await phone.take(2);
  let asked = 0;
  const presign = (r) => refusing(photoId, 418 + (asked++ % 2), null)(r);
  const running = phone.replay();
  const served = phone.serve(running, { presign });

  for (const attempt of [1, 2, 3, 4]) {
    await until(async () => (await phone.list())[0].attempt === attempt);
    await until(async () => (await phone.states()).join() === "waiting");
    await phone.pass(30_000);
  }
  await until(async () => (await phone.list())[0].attempt === 5);

  assert.deepEqual(await phone.states(), ["waiting"]);
  await phone.close();
  assert.equal(await served, "aborted");
});

for (const status of [400, 403]) {
  test(`${status} from the store asks for a new URL, and parks after three`, async (t) => {
    const phone = await openPhone(t);
    const [poisoned] = await phone.take(2);
    const put = (r) => r.respond(r.photoId === poisoned.photoId ? status : 200);
    const running = phone.serve(phone.replay(), { put });

    for (const attempt of [1, 2]) {
      await until(async () => (await phone.list())[0].attempt === attempt);
      await phone.pass(4_000);
    }

    assert.equal(await running, "drained");
    const photos = await phone.list();
    assert.deepEqual(
      photos.map(({ photoId, state, reason }) => [photoId, state, reason]),
      [[poisoned.photoId, "parked", `store-${status}`]],
    );
    assert.equal(phone.net.count("put"), 4);
  });
}

test("an expired URL is replaced and is no mark against the photo afterwards", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  let puts = 0;
  const put = (r) => r.respond((puts += 1) === 1 ? 403 : 200);
  const running = phone.serve(phone.replay(), { put });
  await until(async () => (await phone.list())[0]?.state === "waiting");
  assert.equal((await phone.list())[0].attempt, 1, "of the link, which no other photo has tried");
  await phone.pass(1_000);

  assert.equal(await running, "drained");
  assert.deepEqual(await phone.list(), []);
});

for (const code of withCodes("photo", "send-again")) {
  test(`${code} after a PUT sends the photo again after a pause`, async (t) => {
    const phone = await openPhone(t);
    await phone.take(1);
    let asked = 0;
    const complete = (r) => ((asked += 1) === 1 ? r.problem(409, code) : r.receipt());
    const running = phone.serve(phone.replay(), { complete });
    await until(async () => (await phone.queue.list("anna")).pause !== null);
    await phone.pass(1_000);

    assert.equal(await running, "drained");
    assert.equal(phone.net.count("put"), 2);
  });
}

test("not-uploaded for a photo of an earlier run sends it without a pause", async (t) => {
  const phone = await openPhone(t);
  const [{ photoId }] = await phone.take(1);
  const sent = { reason: null, attempt: 0, equal: 0, sent: true, inMs: null };
  await phone.queueStore.writeStatus([{ photoId, state: "confirming", ...sent }]);
  let asked = 0;
  const complete = (r) => ((asked += 1) === 1 ? r.problem(409, "not-uploaded") : r.receipt());

  assert.equal(await phone.serve(phone.replay(), { complete }), "drained");

  assert.deepEqual(phone.net.log, ["complete", "presign", "put", "complete"]);
});

test("not-uploaded after an outage blames neither store nor photo", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  let asked = 0;
  const complete = (r) =>
    [() => r.fail(), () => r.problem(409, "not-uploaded"), () => r.receipt()][asked++]();
  let puts = 0;
  const put = (r) => ((puts += 1) === 1 ? r.fail() : r.respond(200));
  const running = phone.serve(phone.replay(), { complete, put });
  await until(async () => (await phone.queue.list("anna")).pause?.reason === "no-answer");
  await phone.pass(1_000);

  assert.equal(await running, "drained");
  assert.equal(puts, 2);
});

test("not-uploaded for one item of a batch asks for its URL again", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  let asked = 0;
  const presign = (r) =>
    (asked += 1) === 1 ? r.respond(200, { results: [itemProblem(409, "not-uploaded")] }) : r.sign();

  assert.equal(await phone.serve(phone.replay(), { presign }), "drained");
});

test("a store that is down is asked again and again, and parks nothing", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  let puts = 0;
  const put = (r) =>
    (puts += 1) <= 8 ? r.respond(503, null, { "Retry-After": "2" }) : r.respond(200);
  let asked = 0;
  const complete = (r) => ((asked += 1) <= 8 ? r.problem(409, "not-uploaded") : r.receipt());
  let over = false;
  const replay = phone.replay({ budgetMs: 1e9 }).finally(() => (over = true));
  const running = phone.serve(replay, { put, complete });

  let attempt = 0;
  await phone.passUntil(async () => {
    if (over) return true;
    const { pause } = await phone.queue.list("anna");
    assert.equal(pause.reason, "store-unreachable");
    if (pause.attempt !== attempt) assert.ok(pause.nextTryAt >= phone.clock.wall() + 2_000);
    attempt = pause.attempt;
    return false;
  });

  assert.ok(puts > 8);
  assert.ok(attempt >= 7, `${attempt} waits: two photos may have failed in one breath, once`);
  assert.equal(await running, "drained");
  assert.deepEqual(await phone.list(), []);
});

test("a photo whose PUTs come to nothing while others get through is parked in the end", async (t) => {
  const phone = await openPhone(t);
  const [poisoned] = await phone.take(6);
  const put = (r) => (r.photoId === poisoned.photoId ? r.fail() : r.respond(200));
  const complete = (r) =>
    r.photoId === poisoned.photoId ? r.problem(409, "not-uploaded") : r.receipt();
  const running = phone.serve(phone.replay(), { put, complete });
  let over = false;
  void running.finally(() => (over = true));
  let more = 3;

  await phone.passUntil(async () => {
    const photos = await phone.list();
    // Now and then the clinician takes another photo, which gets through.
    if (photos.length === 1 && more > 0 && photos[0].state === "waiting") {
      more -= 1;
      await phone.take(1);
    }
    return over;
  });

  assert.equal(await running, "drained");
  const photos = await phone.list();
  assert.deepEqual(
    photos.map(({ photoId, state, reason }) => [photoId, state, reason]),
    [[poisoned.photoId, "parked", "not-stored"]],
  );
});

test("one poisoned photo of 50 is parked and 49 are stored", async (t) => {
  const phone = await openPhone(t);
  const photos = await phone.take(50);
  const poisoned = photos[0].photoId;
  const presign = (r) =>
    r.respond(200, {
      results: r.body.photos.map((photo) =>
        photo.photoId === poisoned ? itemProblem(400, "invalid-field") : signed(photo),
      ),
    });

  assert.equal(await phone.serve(phone.replay(), { presign }), "drained");

  assert.equal((await phone.queue.list("anna")).storedToday, 49);
  assert.deepEqual(await phone.states(), ["parked"]);
  assert.equal(phone.net.mostPutsAtOnce, 1);
});

test("a batch refused as a whole is asked for one by one to find the refused photo", async (t) => {
  const phone = await openPhone(t);
  const photos = await phone.take(4);
  const poisoned = photos[1].photoId;
  const presign = (r) =>
    r.body.photos.some((photo) => photo.photoId === poisoned)
      ? r.problem(400, "invalid-field")
      : r.sign();

  assert.equal(await phone.serve(phone.replay(), { presign }), "drained");

  const left = await phone.list();
  assert.deepEqual(
    left.map(({ photoId, state }) => [photoId, state]),
    [[poisoned, "parked"]],
  );
});

test("a damaged record is parked and the others are sent", async (t) => {
  const phone = await openPhone(t);
  const [flipped, missing] = await phone.take(3);
  await phone.queue.database.write(["bytes"], async (tx) => {
    const bytes = tx.objectStore("bytes");
    await bytes.put(Uint8Array.of(1, 2, 3).buffer, flipped.photoId);
    await bytes.delete(missing.photoId);
  });

  assert.equal(await phone.serve(phone.replay()), "drained");

  const photos = await phone.list();
  assert.deepEqual(
    photos.map(({ photoId, state, reason }) => [photoId, state, reason]),
    [flipped, missing].map(({ photoId }) => [photoId, "parked", "record-damaged"]),
  );
  assert.equal(phone.net.count("put"), 1);
});

test("the wait grows from 1 s to 30 s while a page is visible, and to 300 s without one", () => {
  const most = (failures, visible) => backoff({ failures, visible, random: 0.999999 });

  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => Math.round(most(failures, true) / 1000)),
    [1, 2, 4, 8, 16, 30, 30, 30],
  );
  assert.equal(Math.round(most(50, false) / 1000), 300);
});

test("the wait is spread over its whole range and never nothing", () => {
  const waits = [0, 0.25, 0.5].map((random) => backoff({ failures: 4, visible: true, random }));

  assert.deepEqual(waits, [250, 2_000, 4_000]);
});

test("Retry-After is obeyed, with a spread, up to five minutes", () => {
  const asked = (retryAfterMs, random = 0) =>
    backoff({ failures: 1, visible: true, random, retryAfterMs });

  assert.equal(asked(5_000), 5_000);
  assert.equal(asked(2_000, 0.5), 2_500);
  assert.equal(asked(60_000, 0.5), 67_500);
  assert.equal(asked(3_600_000), 300_000);
  assert.equal(asked(0), 250);
});

test("the queue asks no sooner than Retry-After", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  const running = phone.replay();
  (await phone.net.next("presign")).problem(503, "database-busy", { "Retry-After": "5" });
  await until(async () => (await phone.queue.list("anna")).pause !== null);

  await phone.pass(4_999);
  for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
  assert.equal(phone.net.count("presign"), 1);
  await phone.pass(1_000);

  assert.equal(await phone.serve(running), "drained");
});

test("a reconnect ends the wait at once", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  const running = phone.replay();
  (await phone.net.next("presign")).fail();
  await until(async () => (await phone.queue.list("anna")).pause !== null);

  await phone.queue.retryNow();

  assert.equal(await phone.serve(running), "drained");
});

test("a new run keeps to the wait that the run before left, whatever became of the clock", async (t) => {
  const phone = await openPhone(t);
  await phone.take(1);
  await phone.queueStore.writePause({
    concerns: "link",
    reason: "no-answer",
    attempt: 6,
    inMs: 20_000,
  });
  assert.equal(await phone.replay({ longestPauseMs: 10_000 }), "waiting");
  assert.deepEqual(phone.net.log, []);

  phone.clock.skew -= 5 * 3_600_000;

  assert.equal(await phone.serve(phone.replay()), "drained");
});

test("a store outage is remembered as one by the next run", async (t) => {
  const phone = await openPhone(t);
  await phone.take(2);
  await phone.queueStore.writePause({
    concerns: "link",
    reason: "store-unreachable",
    attempt: 3,
    inMs: 0,
  });

  assert.equal(await phone.serve(phone.replay()), "drained");
});

test("a server status beats a code that does not fit it", () => {
  assert.equal(classify(503, "photo-conflict").concerns, "link");
  assert.equal(classify(429, null).concerns, "link");
  assert.equal(classify(401, null).concerns, "person");
  assert.deepEqual(classify(418, "toString"), {
    concerns: "photo",
    action: "retry",
    shared: true,
    reason: "http-418",
    retryAfterMs: null,
  });
  for (const code of Object.keys(PHONE_CODES)) assert.equal(failure(code).reason, code);
});

test("what holds a URL is sent before a server that has enough on its way is asked for more", async (t) => {
  const phone = await openPhone(t);
  await phone.take(8);
  const pending = new Set();
  const full = { status: 429, code: "rate-limited" };
  const presign = (r) => {
    const results = r.body.photos.map((photo) => {
      if (pending.size < 2) pending.add(photo.photoId);
      return pending.has(photo.photoId) ? signed(photo) : { ...photo, problem: full };
    });
    const none = results.every((result) => result.problem);
    return none ? r.problem(429, full.code, { "Retry-After": "60" }) : r.respond(200, { results });
  };
  const complete = (r) => (pending.delete(r.photoId), r.receipt());
  let over = false;
  const endless = phone.replay({ longestPauseMs: Infinity, budgetMs: Infinity });
  const running = phone.serve(endless, { presign, complete }).finally(() => (over = true));

  for (let turn = 0; turn < 600 && !over; turn += 1) {
    await until(async () => over || (await phone.states()).includes("waiting"));
    assert.ok((await phone.queueStore.load("anna")).every((row) => row.attempt === 0));
    await phone.pass(60_000);
  }

  assert.ok(over, "some photos never moved");
  assert.equal(await running, "drained");
  assert.equal(phone.net.count("put"), 8);
});
