/** The stand-ins for Node under which the queue's suite runs in a browser say what Node says. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { inspect } from "node:util";

import ours from "../../../campaigns/engines/shims/node-assert.js";
import { createHash as oursHash } from "../../../campaigns/engines/shims/node-crypto.js";

/** Whether an assertion passes. */
async function passes(assertion) {
  try {
    await assertion();
    return true;
  } catch {
    return false;
  }
}

const VALUES = [
  0,
  -0,
  NaN,
  "",
  "a",
  null,
  undefined,
  true,
  [],
  [1, 2],
  [2, 1],
  [1, [2]],
  {},
  { a: 1 },
  { a: undefined },
  { b: undefined },
  { a: { b: [1] } },
  new Set(),
  new Set([1, 2]),
  new Set([2, 1]),
  new Set([[1]]),
  new Map([["a", 1]]),
  new Map([["a", 2]]),
  new Map([["b", 1]]),
  new Date(5),
  new Date(6),
  /a/,
  /a/g,
  new Error("a"),
  new Error("b"),
  new TypeError("a"),
  Uint8Array.of(1, 2),
  Uint8Array.of(1, 3),
  Uint8Array.of(1, 2).buffer,
  Uint8Array.of(1, 3).buffer,
  Object.assign(Object.create(null), { a: 1 }),
];

for (const name of ["equal", "notEqual", "deepEqual"]) {
  test(`${name} agrees with Node's on every pair of values`, async () => {
    for (const a of VALUES) {
      for (const b of [...VALUES, structuredCloneOr(a)]) {
        const theirs = await passes(() => assert[name](a, b));
        const said = await passes(() => ours[name](a, b));
        assert.equal(said, theirs, inspect([a, b]));
      }
    }
  });
}

/** Another object of the same content, where there is one. */
function structuredCloneOr(value) {
  const plain = value !== null && typeof value === "object" && Object.getPrototypeOf(value);
  return plain ? structuredClone(value) : value;
}

test("ok, match and doesNotMatch agree with Node's", async () => {
  for (const value of VALUES)
    assert.equal(await passes(() => ours.ok(value)), await passes(() => assert.ok(value)));
  for (const name of ["match", "doesNotMatch"]) {
    for (const text of ["lost: 1", "found"]) {
      const theirs = await passes(() => assert[name](text, /^lost/));
      assert.equal(await passes(() => ours[name](text, /^lost/)), theirs);
    }
  }
});

test("rejects agrees with Node's on what was expected", async () => {
  const failing = () => Promise.reject(Object.assign(new Error("lost: 1"), { code: "full" }));
  const works = [failing, failing(), async () => "fine", () => Promise.reject("odd")];
  const expectations = [
    undefined,
    /lost/,
    /found/,
    { code: "full" },
    { code: "lost" },
    { name: "Error", code: "full" },
    (thrown) => thrown === "odd",
  ];
  for (const work of works) {
    for (const expected of expectations) {
      const wanted = expected === undefined ? [work] : [work, expected];
      const theirs = await passes(() => assert.rejects(...wanted));
      assert.equal(await passes(() => ours.rejects(...wanted)), theirs, String(expected));
    }
  }
});

test("a failed assertion says its message", async () => {
  assert.throws(() => ours.ok(false, "said"), /said/);
  assert.throws(() => ours.equal(1, 2), /1 is not 2/);
});

test("the hash of bytes of any length is Node's", () => {
  for (let length = 0; length < 300; length += 1) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const theirs = createHash("sha256").update(bytes).digest("hex");
    assert.equal(oursHash("sha256").update(bytes).digest("hex"), theirs);
  }
});
