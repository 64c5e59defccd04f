/**
 * What a thousand phones do to a server that was away for ten minutes (F32), in virtual time: each
 * is the product's own core and backoff. Steady is what they ask of it on an ordinary minute.
 */
import assert from "node:assert/strict";
import test from "node:test";

import { Storm } from "../../../campaigns/queue/storm.js";

const SECOND = 1_000;
const OUTAGE = { from: 120 * SECOND, to: 720 * SECOND };
const END = OUTAGE.to + 180 * SECOND;

const ward = (change = {}) => new Storm({ phones: 1_000, outage: OUTAGE, seed: 1, ...change });

for (const [what, announced] of [
  ["no answer at all", false],
  ["503 and the moment at which it will be back", true],
]) {
  test(`1,000 phones met by ${what} for ten minutes never knock at three times the steady rate`, (t) => {
    const { steady, knocking, draining, waiting, mostAtOnce } = ward({ announced }).run(END);

    const times = (n) => `${n} a second, ${(n / steady).toFixed(1)} times the steady rate`;
    t.diagnostic(`steady ${steady.toFixed(0)}; knocking ${times(knocking)}`);
    t.diagnostic(`sending what had waited: ${times(draining)}`);
    assert.ok(knocking <= 3 * steady, times(knocking));
    assert.equal(waiting, 0, "every phone has sent what waited");
    assert.equal(mostAtOnce, 1, "a phone sends one photo at a time");
  });
}

test("the control: phones that draw no jitter come back together", () => {
  const { steady, knocking } = ward({ draw: () => 0, announced: true }).run(END);

  assert.ok(knocking > 3 * steady, `${knocking} a second, ${steady} steady`);
});
