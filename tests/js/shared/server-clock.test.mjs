/** The server's time: what each answer teaches, and what a phone's clock may do in between. */
import assert from "node:assert/strict";
import test from "node:test";

import { ServerClock } from "../../../pwa/shared/server-clock.js";
import { momentOf } from "../../../pwa/queue/shutter-times.js";

const TRUE = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

/** A phone whose two clocks the test moves. */
function phone(wall) {
  const hands = { wall, steady: 1000 };
  const time = new ServerClock({ wall: () => hands.wall, steady: () => hands.steady });
  const pass = (ms) => {
    hands.wall += ms;
    hands.steady += ms;
  };
  return { hands, time, pass };
}

test("a clock at 1970 or 2099 is corrected by the first answer", () => {
  for (const wall of [HOUR, Date.UTC(2099, 5, 1)]) {
    const { time, pass } = phone(wall);
    assert.equal(time.known, false);

    time.recordAnswer(TRUE, 100);
    pass(60_000);

    assert.ok(Math.abs(time.now() - TRUE - 60_000) < 1000);
    assert.ok(time.wrongBy !== 0);
  }
});

test("a clock that is right to the second is left as it is", () => {
  const { time, hands } = phone(TRUE + 900);
  time.recordAnswer(TRUE, 50);
  assert.equal(time.now(), hands.wall);
  assert.equal(time.wrongBy, 0);
});

test("a header that a busy server renewed late corrects no right clock", () => {
  const { time, hands } = phone(TRUE);
  time.recordAnswer(TRUE - 4_000, 50);
  assert.equal(time.now(), hands.wall);
});

test("a clock that jumps while the page is open changes no time", () => {
  for (const jump of [-5 * HOUR, 5 * HOUR, 70 * 365 * 24 * HOUR]) {
    const { time, hands, pass } = phone(TRUE);
    time.recordAnswer(TRUE, 50);
    pass(10_000);
    hands.wall += jump;
    pass(10_000);
    assert.ok(Math.abs(time.now() - TRUE - 20_000) < 1000);
  }
});

test("after a sleep, in which the steady clock stood, the phone's own clock counts", () => {
  const { time, hands } = phone(TRUE);
  time.recordAnswer(TRUE, 50);
  hands.wall += 8 * HOUR;
  time.resetAfterSleep();
  assert.equal(time.now(), TRUE + 8 * HOUR);
});

test("what was known when the page was closed holds until the server answers", () => {
  const { time } = phone(0);
  time.restoreOffset(TRUE);
  assert.equal(time.now(), TRUE);
  assert.equal(time.known, false);
  time.recordAnswer(TRUE + HOUR, 0);
  assert.ok(Math.abs(time.now() - TRUE - HOUR) < 1000);
});

test("an answer without a time teaches nothing", () => {
  const { time } = phone(TRUE);
  assert.equal(time.recordAnswer(NaN), false);
  assert.equal(time.known, false);
});

test("a moment that cannot be written down is the nearest that can", () => {
  assert.equal(momentOf(-5), "1970-01-01T00:00:00.000Z");
  assert.equal(momentOf(1e17), "9999-12-31T23:59:59.999Z");
});
