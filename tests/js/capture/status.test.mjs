/** What the upload queue shows about a photo: its state, its reason, its attempt and its next try. */
import assert from "node:assert/strict";
import test from "node:test";

import { statusOf } from "../../../pwa/capture/upload-queue/queue-view.js";
import { PHONE_CODES, SERVER_CODES } from "../../../pwa/queue/errors.js";
import { phone as words } from "../../../pwa/page/words/phone.js";

const NOW = 1_800_000_000_000;
const textOf = (photo) => statusOf({ reason: null, attempt: 0, nextTryAt: null, ...photo }, NOW);

test("each state has its words", () => {
  const texts = Object.fromEntries(
    ["queued", "sending", "confirming", "needs-sign-in", "stored"].map((state) => [
      state,
      textOf({ state }),
    ]),
  );

  assert.deepEqual(texts, {
    queued: "Saved on this phone",
    sending: "Sending",
    confirming: "Sending",
    "needs-sign-in": "Sign in to continue",
    stored: "Stored",
  });
});

test("no answer is the connection's matter, whatever its form", () => {
  for (const reason of ["no-answer", "timed-out", "not-ours", "store-unreachable"])
    assert.equal(
      textOf({ state: "waiting", reason, nextTryAt: NOW + 9000 }),
      "Waiting for connection",
    );
});

test("a wait with a time says how long, and which attempt it was", () => {
  const photo = { state: "waiting", reason: "not-uploaded", nextTryAt: NOW + 11_200 };

  assert.equal(textOf({ ...photo, attempt: 3 }), "Retrying in 12 s (attempt 3)");
  assert.equal(textOf(photo), "Retrying in 12 s");
  assert.equal(textOf({ ...photo, nextTryAt: NOW - 5 }), "Retrying in 1 s");
});

test("every code that can park a photo or leave it has a sentence", () => {
  const codes = Object.entries({ ...SERVER_CODES, ...PHONE_CODES })
    .filter(([, { action }]) => ["park", "leave", "new-url"].includes(action))
    .map(([code]) => code);

  assert.ok(codes.length > 8);
  assert.deepEqual(
    codes.filter((code) => !(code in words.reasons)),
    [],
  );
});

test("a reason without a sentence still says what happened", () => {
  assert.equal(
    textOf({ state: "parked", reason: "http-418" }),
    "Needs attention: the server did not accept it",
  );
});
