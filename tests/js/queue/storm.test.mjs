/**
 * What a thousand phones do to a server that was away for ten minutes (F32), in virtual time: each
 * is the product's own core and backoff. Steady is their rate of requests without a fault.
 */
import assert from "node:assert/strict";
import test from "node:test";

import { Storm } from "../../../campaigns/queue/storm.js";

const SECOND = 1_000;
const OUTAGE = { from: 120 * SECOND, to: 720 * SECOND };
const END = OUTAGE.to + 180 * SECOND;

const storm = (change = {}) => new Storm({ phones: 1_000, outage: OUTAGE, seed: 1, ...change });

for (const [what, announced] of [
  ["no answer at all", false],
  ["503 and the moment at which it will be back", true],
]) {
  test(`1,000 phones that get ${what} for ten minutes ask at no more than three times the steady rate`, (t) => {
    const { steady, retrying, draining, waiting, mostAtOnce } = storm({ announced }).run(END);

    const times = (n) => `${n} a second, ${(n / steady).toFixed(1)} times the steady rate`;
    t.diagnostic(`steady ${steady.toFixed(0)}; retrying ${times(retrying)}`);
    t.diagnostic(`sending what had waited: ${times(draining)}`);
    assert.ok(retrying <= 3 * steady, times(retrying));
    assert.equal(waiting, 0, "every phone has sent what waited");
    assert.equal(mostAtOnce, 1, "a phone sends one photo at a time");
  });
}

test("the control: phones that draw no jitter come back together", () => {
  const { steady, retrying } = storm({ draw: () => 0, announced: true }).run(END);

  assert.ok(retrying > 3 * steady, `${retrying} a second, ${steady} steady`);
});
