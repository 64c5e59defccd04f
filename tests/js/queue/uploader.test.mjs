/** Requests and what their answers mean; whatever is not in our own form is no answer. */
import assert from "node:assert/strict";
import test from "node:test";

import { messageOf } from "../../../pwa/queue/messages.js";
import { MOST_BYTES } from "../../../pwa/queue/photo-record.js";
import { Uploader } from "../../../pwa/queue/replay/uploader.js";
import { TestClock } from "../clock.mjs";
import { ScriptedNetwork, capture, receiptFor } from "./support.mjs";

const record = { ...capture(), sha256: "a".repeat(64), size: 64 };
const OURS = { "X-CP-Server": "capture/1" };

function uploader(token = null) {
  const net = new ScriptedNetwork();
  const credentials = { token: async () => token };
  return { net, up: new Uploader({ fetch: net.fetch, clock: new TestClock(), credentials }) };
}

for (const [what, response] of [
  ["a page of a portal", () => new Response("<html>", { status: 200 })],
  ["a page with our header", () => new Response("<html>", { status: 200, headers: OURS })],
  ["no results", () => Response.json({}, { headers: OURS })],
  ["too few results", () => Response.json({ results: [] }, { headers: OURS })],
  ["nothing", () => new Response(null, { status: 204, headers: OURS })],
]) {
  test(`${what} is no answer to presign`, async () => {
    const { net, up } = uploader();
    const asking = up.presign([record]);

    (await net.next("presign")).raw(response());

    assert.deepEqual((await asking).failure.reason, "not-ours");
  });
}

for (const [what, item] of [
  ["nothing", null],
  ["a URL that is none", { upload: { url: 7 } }],
  ["a receipt without a hash", { receipt: { photoId: record.photoId } }],
  ["a problem without a status", { problem: { code: "internal" } }],
]) {
  test(`an item of a batch that is ${what} is no answer`, async () => {
    const { net, up } = uploader();
    const asking = up.presign([record]);

    (await net.next("presign")).respond(200, { results: [item] });

    assert.equal((await asking).results[0].failure.reason, "not-ours");
  });
}

test("a 200 that is no receipt is no answer to complete", async () => {
  const { net, up } = uploader();
  const asking = up.complete(record);

  (await net.next("complete")).respond(200, { photoId: record.photoId });

  assert.equal((await asking).failure.reason, "not-ours");
});

for (const [what, placed, confirmed] of [
  ["was never asked about", undefined, undefined],
  ["was kept where it is", { at: "2026-01-01T00:00:00.000Z", from: null }, true],
  [
    "was kept before its shutter",
    { at: "2026-01-01T00:00:00.000Z", from: null, over: "x" },
    undefined,
  ],
  ["was moved", { at: "2026-01-01T00:00:00.000Z", from: { id: "x", label: "Room 2" } }, true],
]) {
  test(`presign says whether the place of a photo that ${what} is confirmed`, async () => {
    const { net, up } = uploader();
    const asking = up.presign([{ ...record, placed }]);
    const request = await net.next("presign");

    assert.equal(request.body.photos[0].placeConfirmed, confirmed);
    request.respond(200, { results: [null] });
    await asking;
  });
}

test("presign says what the phone's own clock said, where the time was corrected", async () => {
  const { net, up } = uploader();
  const asking = up.presign([{ ...record, deviceCapturedAt: "1970-01-02T00:00:00.000Z" }]);
  const request = await net.next("presign");

  assert.equal(request.body.photos[0].deviceCapturedAt, "1970-01-02T00:00:00.000Z");
  request.respond(200, { results: [null] });
  await asking;
});

test("a batch of photos that are too large for any server sends no request", async () => {
  const { net, up } = uploader();

  const { results } = await up.presign([{ ...record, size: MOST_BYTES + 1 }]);

  assert.deepEqual(
    results.map(({ failure }) => failure.reason),
    ["too-large"],
  );
  assert.deepEqual(net.log, []);
});

test("a page of a proxy that takes no request of this size says so by its status", async () => {
  const { net, up } = uploader();
  const asking = up.presign([record]);

  (await net.next("presign")).raw(new Response("<html>", { status: 413 }));

  assert.equal((await asking).failure.reason, "size-refused");
});

test("a refusal without a code is known by its status", async () => {
  const { net, up } = uploader();
  const asking = up.complete(record);

  (await net.next("complete")).raw(new Response("oh", { status: 418, headers: OURS }));

  assert.equal((await asking).failure.reason, "http-418");
});

test("without a token the upload cookie is sent", async () => {
  const { net, up } = uploader();
  const asking = up.complete(record);
  const request = await net.next("complete");

  assert.equal(request.init.headers.Authorization, undefined);
  assert.equal(request.init.credentials, "same-origin");
  request.receipt();
  assert.equal((await asking).ok, true);
});

test("a deletion carries no body and brings the receipt", async () => {
  const { net, up } = uploader("t");
  const asking = up.remove(record.photoId);
  const request = await net.next("delete");

  assert.equal(request.init.body, undefined);
  assert.equal(request.init.headers["Content-Type"], undefined);
  request.respond(200, receiptFor(record.photoId, record, { state: "deleted" }));
  assert.equal((await asking).receipt.state, "deleted");
});

test("a PUT says how the store answered and how long it took", async () => {
  const { net, up } = uploader();
  const upload = {
    url: "https://store.test/x",
    method: "PUT",
    headers: { a: "b" },
    expiresIn: 300,
  };
  const sending = up.put(upload, record, record.bytes);
  const request = await net.next("put");
  assert.equal(request.init.body.size, 64);
  assert.equal(request.init.body.type, "image/jpeg");
  assert.equal(request.init.referrerPolicy, "no-referrer");
  request.respond(503, null, { "Retry-After": "7" });

  assert.deepEqual(await sending, { status: 503, ms: 0, retryAfterMs: 7_000 });
});

test("an answer to a PUT that breaks off is known by its status", async () => {
  const { net, up } = uploader();
  const upload = { url: "https://store.test/x", method: "PUT", headers: {}, expiresIn: 300 };
  const sending = up.put(upload, record, record.bytes);
  const broken = new ReadableStream({ start: (stream) => stream.error(new Error("reset")) });

  (await net.next("put")).raw(new Response(broken, { status: 403 }));

  const { status, reason } = await sending;
  assert.deepEqual([status, reason], [403, "store-403"]);
});

test("only messages of the closed list, and of our own origin, are accepted", () => {
  const origin = "https://capture.test";

  assert.deepEqual(messageOf({ data: { type: "drain" }, origin }, origin), { type: "drain" });
  assert.deepEqual(messageOf({ data: { type: "drain" }, origin: "" }, origin), { type: "drain" });
  for (const data of [null, undefined, "drain", {}, { type: 1 }, { type: "erase" }])
    assert.equal(messageOf({ data, origin }, origin), null);
  assert.equal(messageOf({ data: { type: "drain" }, origin: "https://evil.test" }, origin), null);
});
