/** I4: the consultation of the next shutter changes only by the clinician's own answer. */
import assert from "node:assert/strict";
import test from "node:test";

import {
  answer,
  begin,
  onServerUpdate,
  isConfirmed,
  isStale,
  leaveCamera,
  resume,
  unanswered,
} from "../../../pwa/capture/consultation/consultation-guard.js";

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;
const bindingFor = (id) => ({ id, label: `Room ${id}`, kind: "visit", openedAt: "" });
const unfiled = { id: "u", label: "Unfiled", kind: "unfiled", openedAt: "" };
const known = (id, minutesAgo = 0) => ({
  current: id ? bindingFor(id) : null,
  unfiled,
  confirmedAt: NOW - minutesAgo * MINUTE,
});
/** The camera opened while the server gives no answer. */
const beginAt = (last) => unanswered(resume(begin(last)), last, { wall: NOW, still: 0 }, 15);
/** By both clocks of this page. */
const aged = (id, msAgo) => ({ ...known(id), confirmedAt: NOW - msAgo, heardAt: 500_000 - msAgo });
const MOMENT = { wall: NOW, still: 500_000 };

test("a confirmation younger than 20 s needs no question, an older one that the name is tapped", () => {
  const asked = (msAgo) =>
    unanswered(resume(begin(aged("1", msAgo))), aged("1", msAgo), MOMENT, 15).question;

  assert.equal(asked(19_999), null);
  assert.deepEqual(asked(20_000), { kind: "name" });
});

test("a confirmation counts by both clocks: one stands still in a pocket, the other may be set", () => {
  const last = aged("1", 1_000);

  assert.equal(isConfirmed(last, MOMENT), true);
  assert.equal(isConfirmed(last, { ...MOMENT, wall: NOW + 60_000 }), false);
  assert.equal(isConfirmed(last, { ...MOMENT, wall: NOW - 60_000 }), false);
  assert.equal(isConfirmed(last, { ...MOMENT, still: 560_000 }), false);
  assert.equal(isConfirmed({ ...last, heardAt: undefined }, MOMENT), false);
});

test("with nothing open photos are unfiled, however old the server's answer is", () => {
  const cameraSession = beginAt(known(null, 600));

  assert.equal(cameraSession.consultation.id, "u");
  assert.equal(cameraSession.question, null);
});

test("a consultation unconfirmed for longer than the setting is asked about before the first shutter", () => {
  assert.equal(beginAt(known("1", 15.1)).question.kind, "stale");
});

test("a phone clock that went back makes the answer old instead of fresh", () => {
  assert.equal(beginAt(known("1", -5)).question.kind, "stale");
  assert.equal(isStale(NaN, NOW, 15), true);
});

test("using the old consultation keeps it, declining it leaves the photos unfiled", () => {
  const last = known("1", 40);
  const asked = beginAt(last);

  assert.deepEqual(answer(asked, "use", last, NOW), { ...asked, question: null, namedAt: NOW });
  assert.equal(answer(asked, "decline", last).consultation.id, "u");
});

test("the server's answer that nothing changed closes the question of age", () => {
  assert.equal(onServerUpdate(beginAt(known("1", 40)), known("1")).question, null);
});

test("when the desktop moves, the camera session asks and does not move by itself", () => {
  const cameraSession = onServerUpdate(beginAt(known("1")), known("2"));

  assert.equal(cameraSession.consultation.id, "1");
  assert.deepEqual(cameraSession.question, { kind: "moved", to: bindingFor("2") });
});

test("the desktop moving to no consultation, or from none, asks as well", () => {
  assert.equal(onServerUpdate(beginAt(known("1")), known(null)).question.to.id, "u");
  assert.equal(onServerUpdate(beginAt(known(null)), known("2")).question.to.id, "2");
});

test("keep stays, and is not asked again about the same consultation", () => {
  const kept = answer(onServerUpdate(beginAt(known("1")), known("2")), "keep", known("2"));

  assert.equal(kept.consultation.id, "1");
  assert.equal(onServerUpdate(kept, known("2")).question, null);
});

test("keep is asked again when the desktop moves on", () => {
  const kept = answer(onServerUpdate(beginAt(known("1")), known("2")), "keep", known("2"));

  assert.equal(onServerUpdate(kept, known("3")).question.to.id, "3");
});

test("switch moves the camera session", () => {
  const moved = answer(onServerUpdate(beginAt(known("1")), known("2")), "switch", known("2"));

  assert.equal(moved.consultation.id, "2");
  assert.equal(moved.question, null);
});

test("the desktop coming back withdraws the question", () => {
  assert.equal(
    onServerUpdate(onServerUpdate(beginAt(known("1")), known("2")), known("1")).question,
    null,
  );
});

test("a declined consultation is not offered again in the same camera session", () => {
  const declined = answer(beginAt(known("1", 40)), "decline", known("1", 40));

  assert.equal(onServerUpdate(declined, known("1")).question, null);
});

test("an answer to another question than the one asked changes nothing", () => {
  const asked = onServerUpdate(beginAt(known("1")), known("2"));

  for (const wrong of ["use", "decline"]) assert.equal(answer(asked, wrong, known("2")), asked);
  assert.equal(answer(beginAt(known("1")), "switch", known("2")).consultation.id, "1");
});

test("a camera that comes back into use waits for the server; an open question stays as it is", () => {
  const named = answer(beginAt(known("1", 5)), "use", known("1", 5), NOW);
  const again = resume(named);

  assert.deepEqual(again.question, { kind: "asking" });
  assert.equal(unanswered(again, known("1", 5), MOMENT, 15).question.kind, "name");
  const asked = onServerUpdate(named, known("2"));
  assert.equal(resume(asked).question.kind, "moved");
});

test("a tapped name is good until the setting's age, in one camera session", () => {
  const named = answer(beginAt(known("1", 5)), "use", known("1", 5), NOW);
  const later = (minutes) => ({ wall: NOW + minutes * MINUTE, still: 0 });

  assert.equal(unanswered(named, known("1", 5), later(15), 15).question, null);
  assert.equal(unanswered(named, known("1", 5), later(15.1), 15).question.kind, "stale");
});

test("what was kept is asked again once the camera and the review are left", () => {
  const kept = answer(onServerUpdate(begin(known("1")), known("2")), "keep", known("2"));

  assert.equal(leaveCamera(kept, known("2")).question.kind, "moved");
  assert.equal(leaveCamera(begin(known("1")), known("1")).question, null);
});

test("a label that was corrected on the desktop is the one that is shown", () => {
  const corrected = { ...known("1"), current: { ...bindingFor("1"), label: "Room one" } };

  assert.equal(onServerUpdate(begin(known("1")), corrected).consultation.label, "Room one");
});

test("a consultation that was closed takes no new photos: only the other place is offered", () => {
  const closed = { ...known("2"), closed: "1" };
  const cameraSession = onServerUpdate(beginAt(known("1")), closed);

  assert.deepEqual(cameraSession.question, { kind: "closed", to: bindingFor("2") });
  assert.equal(answer(cameraSession, "keep", closed), cameraSession);
  assert.equal(answer(cameraSession, "switch", closed).consultation.id, "2");
});

test("what was kept before it was closed is asked about again", () => {
  const moved = onServerUpdate(beginAt(known("1")), known(null));
  const kept = answer(moved, "keep", known(null));

  assert.equal(onServerUpdate(kept, known(null)).question, null);
  assert.equal(onServerUpdate(kept, { ...known(null), closed: "1" }).question.kind, "closed");
});

test("one that is opened again as the current one needs no question", () => {
  const asked = onServerUpdate(beginAt(known("1")), { ...known(null), closed: "1" });

  assert.equal(onServerUpdate(asked, known("1")).question, null);
});
