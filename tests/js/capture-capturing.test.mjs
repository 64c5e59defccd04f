/** I4: owner and consultation are frozen at the tap; whatever the page learns later changes nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Capturing } from "../../pwa/capture/capturing.js";
import { questionOf } from "../../pwa/capture/question.js";
import { flowState, started } from "./capture-stage.mjs";

test("a shot keeps the consultation of its tap when the desktop moves before it is encoded", async () => {
  const stage = started({ current: { id: "room-2", label: "Room 2" } });
  const capturing = new Capturing(stage.store, stage.camera, stage.shots);
  capturing.open();

  assert.equal(capturing.shoot(), true);
  capturing.hear({ ...stage.known, current: { id: "room-3", label: "Room 3" } });

  const [frozen] = stage.taken;
  assert.equal(frozen.consultationId, "room-2");
  assert.equal(frozen.consultationLabel, "Room 2");
  assert.equal(flowState(stage), "camera");
});

test("no shot is taken while the question which consultation it is stands open", () => {
  const stage = started({ current: { id: "room-2", label: "Room 2" } });
  const capturing = new Capturing(stage.store, stage.camera, stage.shots);
  capturing.open();
  capturing.hear({ ...stage.known, current: { id: "room-3", label: "Room 3" } });

  assert.equal(capturing.shoot(), false);
  assert.deepEqual(stage.taken, []);
});

test("after Keep a shot belongs to the consultation of the visit, after Switch to the other", () => {
  for (const [choice, expected] of /** @type {const} */ ([
    ["keep", "room-2"],
    ["switch", "room-3"],
  ])) {
    const stage = started({ current: { id: "room-2", label: "Room 2" } });
    const capturing = new Capturing(stage.store, stage.camera, stage.shots);
    capturing.open();
    capturing.hear({ ...stage.known, current: { id: "room-3", label: "Room 3" } });

    capturing.answer(choice);
    capturing.shoot();

    assert.equal(stage.taken[0].consultationId, expected);
  }
});

test("a retake takes the consultation of the photo it replaces, not the current one", () => {
  const stage = started({ current: { id: "room-3", label: "Room 3" } });
  const capturing = new Capturing(stage.store, stage.camera, stage.shots);

  capturing.retake({ photoId: "old", consultationId: "room-2", consultationLabel: "Room 2" });
  capturing.shoot();

  assert.equal(stage.taken[0].consultationId, "room-2");
  assert.equal(stage.taken[0].retakeOf, "old");
});

test("the question speaks of photos only where the visit has one, and is asked in any case", () => {
  const stage = started({ current: { id: "room-2", label: "Room 2" } });
  const capturing = new Capturing(stage.store, stage.camera, stage.shots);
  const moveTo = (/** @type {string} */ label) => {
    const current = { ...stage.known.current, id: label, label };
    capturing.hear({ ...stage.known, current });
    const { visit, known } = stage.store.state;
    return questionOf(visit, known)?.text;
  };
  capturing.open();

  assert.equal(moveTo("Room 3"), "The desktop is now on Room 3\nThis camera is on Room 2");
  capturing.answer("keep");
  capturing.shoot();
  assert.equal(moveTo("Room 4"), "The desktop is now on Room 4\nThese photos belong to Room 2");
  capturing.answer("switch");
  assert.equal(moveTo("Room 5"), "The desktop is now on Room 5\nThis camera is on Room 4");
});
