/** The simulated histories' own promises: one seed is one history, and a failure is made short. */
import assert from "node:assert/strict";
import test from "node:test";

import { runChunk, shortest } from "../../../campaigns/queue/chunk.js";
import { CONTROLS } from "../../../campaigns/queue/controls.js";
import { play, playSeed } from "../../../campaigns/queue/play.js";
import { FAULTY, playSchedule } from "../../../campaigns/queue/wrong-patient.js";
import { operationsOf } from "../../../campaigns/queue/operations.js";

const blamed = (played) => Object.keys(played.verdict);

test("one seed is one history, to the last event", () => {
  const [one, two] = [[], []];

  play(operationsOf(77), undefined, (event) => one.push(event));
  play(operationsOf(77), undefined, (event) => two.push(event));

  assert.deepEqual(one, two);
  assert.deepEqual(playSeed(77), playSeed(77));
  assert.notEqual(playSeed(77).mark, playSeed(78).mark);
});

test("a history has at least 200 operations and brings every kind of trouble somewhere", () => {
  const kinds = new Set();
  for (let seed = 1; seed <= 100; seed += 1) {
    const operations = operationsOf(seed);
    assert.ok(operations.length >= 200);
    for (const [kind] of operations) kinds.add(kind);
  }

  assert.equal(kinds.size, 23);
});

for (const [name, product] of Object.entries(CONTROLS)) {
  test(`a product that ${name} is caught, and the history shrunk to 25 operations at most`, () => {
    let seed = 1;
    while (blamed(playSeed(seed, product)).length === 0) seed += 1;
    const [kind] = blamed(playSeed(seed, product));

    const short = shortest(operationsOf(seed), product);

    assert.ok(seed < 5_000, `only seed ${seed} caught it`);
    assert.ok(blamed(play(short, product)).includes(kind));
    assert.ok(short.length <= 25, `${short.length} operations: ${short.map(([what]) => what)}`);
    assert.deepEqual(play(short).verdict, {}, "the product itself is not to blame");
  });
}

test("chunks of seeds add up to what one run over all of them finds", () => {
  const whole = runChunk(1, 41);
  const [a, b] = [runChunk(1, 20), runChunk(20, 41)];

  assert.equal(whole.trials, 40);
  assert.equal(whole.counts.events, a.counts.events + b.counts.events);
  assert.equal(whole.controls["never confirms"].trials, 2);
});

test("photos are read ahead in histories, sent as they were read, and refused at their turn", () => {
  const { sentAsReadAhead, refusedAfterReadAhead } = runChunk(1, 41).counts;

  assert.ok(sentAsReadAhead > 40 && refusedAfterReadAhead > 0);
});

test("no wrong-patient schedule lets a photo reach another patient without a question", async () => {
  let asked = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const played = await playSchedule(seed);
    assert.deepEqual(played.verdict, [], `schedule ${seed}`);
    asked += played.asked;
  }

  assert.ok(asked > 200, "and questions are asked");
});

for (const [name, parts] of Object.entries(FAULTY)) {
  test(`a phone that ${name} is caught by a wrong-patient schedule`, async () => {
    let seed = 1;
    while ((await playSchedule(seed, parts)).verdict.length === 0) {
      seed += 1;
      assert.ok(seed < 500, "no schedule caught it");
    }

    assert.deepEqual((await playSchedule(seed)).verdict, [], "the product itself is not to blame");
  });
}
