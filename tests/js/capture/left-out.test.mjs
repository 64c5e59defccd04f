/** What is not to be uploaded stays so over a reload. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { LeftOut } from "../../../pwa/capture/review/left-out.js";

/** @param {Record<string, string>} [kept] */
const storage = (kept = {}) => ({
  kept,
  getItem: (key) => kept[key] ?? null,
  setItem: (key, value) => void (kept[key] = value),
});

test("a photo that was left out is left out after a reload, until it is chosen again", () => {
  const disk = storage();
  const before = new LeftOut(disk);
  before.set("a", true);
  before.set("b", true);
  before.set("b", false);

  const after = new LeftOut(disk);

  assert.deepEqual([after.has("a"), after.has("b")], [true, false]);
});

test("a storage that holds nonsense, or takes nothing, costs only the memory", () => {
  const broken = { ...storage({ "review-left-out": "{" }), setItem: () => assert.fail("full") };
  const left = new LeftOut(broken);

  left.set("a", true);

  assert.equal(left.has("a"), true);
});

test("ids of long ago give way to new ones", () => {
  const disk = storage();
  const left = new LeftOut(disk);
  for (let number = 0; number < 600; number += 1) left.set(`photo-${number}`, true);

  const after = new LeftOut(disk);

  assert.deepEqual([after.has("photo-0"), after.has("photo-599")], [false, true]);
});
