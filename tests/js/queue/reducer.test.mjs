/** The pure core where the way through the real replay is too narrow to reach. */
import assert from "node:assert/strict";
import test from "node:test";

import { initialState, step } from "../../../pwa/queue/replay/reducer.js";
import { URL_MS, urlsAhead } from "../../../pwa/queue/replay/scheduler.js";

const moment = { now: 1_000, random: 0.5, visible: true };
const row = (change = {}) => ({
  photoId: "p1",
  seq: 1,
  action: "send",
  sent: false,
  state: "queued",
  reason: null,
  attempt: 0,
  equal: 0,
  waitMs: 0,
  ...change,
});
const after = (...events) =>
  events.reduce((stepped, event) => step(stepped.state, { ...moment, ...event }), {
    state: initialState(null, 0),
    effects: [],
  });
const types = ({ effects }) => effects.map((effect) => effect.type);

for (const event of [
  { type: "put", photoId: "p1", outcome: { status: 200, ms: 1, retryAfterMs: null } },
  { type: "completed", photoId: "p1", outcome: { ok: true, receipt: { photoId: "p1" } } },
  { type: "deleted", photoId: "p1", outcome: { ok: true, receipt: null } },
  { type: "settled", photoId: "p1", state: "stored" },
  {
    type: "presigned",
    photoIds: ["p2"],
    dropped: [],
    outcome: { ok: true, results: [{ upload: { url: "u", expiresIn: 300 } }] },
  },
]) {
  test(`an answer to no request (${event.type}) changes nothing about the photo`, () => {
    const before = after({ type: "loaded", rows: [row()] });

    const { state } = step(before.state, { ...moment, ...event });

    assert.equal(state.stored, 0);
    assert.equal(state.tasks.get("p1").sent, false);
    assert.ok(!state.tasks.has("p2"));
  });
}

test("as many URLs are kept ready as the last PUT promises to use in a minute, from 1 to 20", () => {
  assert.deepEqual(
    [null, 0, 1, 3_000, 6_000, 30_000, 59_000, 120_000].map(urlsAhead),
    [5, 20, 20, 20, 10, 2, 1, 1],
  );
});

test("a URL that the server gives a shorter life is dropped sooner", () => {
  const upload = { url: "u", method: "PUT", headers: {}, expiresIn: 10 };
  const rows = [row(), row({ photoId: "p2", seq: 2 })];
  const signed = { type: "presigned", photoIds: ["p1", "p2"], dropped: [] };
  const signedBoth = after(
    { type: "loaded", rows },
    { ...signed, outcome: { ok: true, results: [{ upload }, { upload }] } },
  );
  assert.deepEqual(types(signedBoth), ["put"]);

  const late = step(signedBoth.state, { ...moment, type: "tick", now: 9_100 });

  assert.equal(late.state.tasks.get("p2").stage, "signing");
  assert.equal(URL_MS, 240_000);
});

test("a photo deleted on the phone while it waits is deleted on the server", () => {
  const waiting = row({ state: "waiting", reason: "store-403", attempt: 1, waitMs: 9_000 });

  const { state, effects } = after(
    { type: "loaded", rows: [waiting] },
    { type: "loaded", rows: [row({ action: "delete", state: "deleting" })] },
  );

  assert.equal(state.tasks.get("p1").stage, "deleting");
  assert.deepEqual(
    effects.map((effect) => effect.type),
    ["delete"],
  );
});

test("a deletion that stops waiting is written again, in case its old wait was still being written", () => {
  const waiting = row({ action: "delete", state: "deleting", reason: "http-401", waitMs: 200_000 });

  const { effects } = after({ type: "loaded", rows: [waiting] }, { type: "hurry" });

  const [{ updates }] = effects.filter((effect) => effect.type === "status");
  assert.deepEqual(
    updates.map(({ photoId, state, inMs }) => [photoId, state, inMs]),
    [["p1", "deleting", null]],
  );
});

test("a push ends a pause for a sign-in also while something is under way", () => {
  const upload = { url: "u", method: "PUT", headers: {}, expiresIn: 300 };
  const rows = [row(), row({ photoId: "p2", seq: 2 })];
  const signed = { type: "presigned", photoIds: ["p1", "p2"], dropped: [] };
  const put = (photoId) => ({ type: "put", photoId, outcome: { status: 200, ms: 1 } });
  const refused = { concerns: "person", action: "sign-in", reason: "unauthenticated" };
  const paused = [
    { type: "loaded", rows },
    { ...signed, outcome: { ok: true, results: [{ upload }, { upload }] } },
    put("p1"),
    { type: "completed", photoId: "p1", outcome: { ok: false, failure: refused } },
  ];
  assert.deepEqual(types(after(...paused, put("p2"))), ["status", "finish"]);

  assert.deepEqual(types(after(...paused, { type: "hurry" }, put("p2"))), ["status", "complete"]);
});

test("a push has a parked photo that is in the store confirmed, and sends it no second time", () => {
  const parked = row({
    state: "parked",
    reason: "http-418",
    sent: true,
    attempt: 3,
    waitMs: 9_000,
  });

  const { state, effects } = after({ type: "loaded", rows: [parked] }, { type: "hurry" });

  assert.equal(state.tasks.get("p1").stage, "confirming");
  assert.deepEqual(
    effects.filter(({ photoId }) => photoId),
    [{ type: "complete", photoId: "p1" }],
  );
});

test("a photo that is gone from the phone is forgotten, unless something is under way for it", () => {
  const waiting = row({ photoId: "p2", seq: 2, waitMs: 9_000 });
  const { state } = after({ type: "loaded", rows: [row(), waiting] }, { type: "loaded", rows: [] });

  assert.deepEqual([...state.tasks.keys()], ["p1"]);
});

test("a pause ends with what comes first", () => {
  const rows = [row({ waitMs: 9_000 }), row({ photoId: "p2", seq: 2, waitMs: 4_000 })];

  const { effects } = after({ type: "loaded", rows });

  assert.deepEqual(
    effects.filter((effect) => effect.type === "wake"),
    [{ type: "wake", inMs: 4_000 }],
  );
});
