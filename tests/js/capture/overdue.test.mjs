/** The words about photos that wait on the phone for long: after a day, and after three. */
import assert from "node:assert/strict";
import test from "node:test";

import { overdue } from "../../../pwa/capture/upload-queue/queue-view.js";

const NOW = Date.UTC(2026, 10, 22, 12);
const aged = (hours) => ({ capturedAt: new Date(NOW - hours * 3_600_000).toISOString() });

test("nothing is said about the photos of a day", () => {
  assert.equal(overdue([], NOW), null);
  assert.equal(overdue([aged(0), aged(23.9)], NOW), null);
});

test("after a day those that are older are counted, and what to do is said", () => {
  const { kind, text } = overdue([aged(1), aged(24), aged(71.9)], NOW);

  assert.equal(kind, "warn");
  assert.match(text, /^2 photos have waited here for more than a day\. Connect/);
});

test("after three days it is urgent, and counts those", () => {
  const { kind, text } = overdue([aged(25), aged(72)], NOW);

  assert.equal(kind, "danger");
  assert.match(text, /^1 photo has waited here for more than three days/);
});

test("a clock that was set back says nothing, and nothing else depends on it", () => {
  assert.equal(overdue([aged(-5), aged(-10_000)], NOW), null);
});
