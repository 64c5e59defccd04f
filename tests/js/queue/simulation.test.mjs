/** Thousands of histories of the pure core in a world that checks its own history. */
import assert from "node:assert/strict";
import test from "node:test";

import { step } from "../../../pwa/queue/replay/reducer.js";
import { World } from "./simulation.mjs";

const HISTORIES = Number(process.env.HISTORIES ?? 2_000);

function play(seed, stepUnderTest = step) {
  const world = new World(seed, stepUnderTest);
  for (let turn = 0; turn < 200; turn += 1) world.turn();
  world.settleDown();
  return world;
}

/** How many of so many histories end in a violation that matches. */
function caught(histories, stepUnderTest, violation) {
  let found = 0;
  for (let seed = 1; seed <= histories; seed += 1) {
    try {
      play(seed, stepUnderTest);
    } catch (error) {
      if (violation.test(error.message)) found += 1;
    }
  }
  return found;
}

test(`no photo is lost, doubled, misfiled or stuck in ${HISTORIES} histories`, () => {
  let photos = 0;
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    try {
      photos += play(seed).taken.size;
    } catch (error) {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    }
  }

  assert.ok(photos > HISTORIES * 5, `only ${photos} photos`);
});

test("one seed is one history", () => {
  const [one, two] = [play(7), play(7)];

  assert.deepEqual([...one.server], [...two.server]);
  assert.equal(one.now, two.now);
});

test("the control: a core that takes a bare 200 for a receipt is caught losing photos", () => {
  const careless = (state, event) => {
    const stepped = step(state, event);
    if (event.type !== "put" || event.outcome.status !== 200) return stepped;
    const sha256 = event.photoId.replace("p", "h");
    const receipt = { photoId: event.photoId, sha256, state: "stored" };
    return {
      ...stepped,
      effects: [...stepped.effects, { type: "settle", photoId: event.photoId, receipt }],
    };
  };

  assert.ok(caught(100, careless, /^lost/) > 10);
});

test("the control: a core that sends two at a time is caught", () => {
  const hasty = (state, event) => {
    const stepped = step(state, event);
    const put = stepped.effects.find((effect) => effect.type === "put");
    return put ? { ...stepped, effects: [...stepped.effects, put] } : stepped;
  };

  assert.ok(caught(20, hasty, /^two PUTs/) > 10);
});

test("the control: a core that forgets a photo is caught leaving it behind", () => {
  const forgetful = (state, event) => {
    const stepped = step(state, event);
    return { ...stepped, effects: stepped.effects.filter((effect) => effect.type !== "complete") };
  };

  assert.ok(caught(20, forgetful, /^stuck/) > 10);
});

test("the control: a core that blames each photo for what is refused to all is caught parking them", () => {
  const unjust = (state, event) => {
    const refused = event.type === "put" && [400, 403, 413].includes(event.outcome.status);
    if (!refused) return step(state, event);
    // As if another photo had got through, and two such answers had come before.
    const tasks = new Map(state.tasks);
    const task = { ...tasks.get(event.photoId), reason: event.outcome.reason, equal: 2 };
    const passed = { ...state.passed, store: Infinity };
    return step({ ...state, passed, tasks: tasks.set(event.photoId, task) }, event);
  };

  assert.ok(caught(100, unjust, /^parked with all/) > 10);
});

test("a state that was handed out is never changed by a later step", () => {
  const frozen = (state, event) => {
    const before = structuredClone(state);
    const stepped = step(state, event);
    assert.deepEqual(state, before);
    return stepped;
  };

  play(3, frozen);
});
