/** I4: the consultation of the next shutter changes only by the clinician's own answer. */
import assert from "node:assert/strict";
import test from "node:test";

import {
  answer,
  begin,
  hear,
  isConfirmed,
  isStale,
  leave,
  resume,
  unanswered,
} from "../../pwa/capture/consultation-guard.js";

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;
const visitOf = (id) => ({ id, label: `Room ${id}`, kind: "visit", openedAt: "" });
const unfiled = { id: "u", label: "Unfiled", kind: "unfiled", openedAt: "" };
const known = (id, minutesAgo = 0) => ({
  current: id ? visitOf(id) : null,
  unfiled,
  confirmedAt: NOW - minutesAgo * MINUTE,
});
/** The camera opened while the server gives no answer. */
const beginAt = (word) => unanswered(resume(begin(word)), word, { wall: NOW, still: 0 }, 15);
/** By both clocks of this page. */
const heard = (id, msAgo) => ({ ...known(id), confirmedAt: NOW - msAgo, heardAt: 500_000 - msAgo });
const MOMENT = { wall: NOW, still: 500_000 };

test("a confirmation younger than 20 s needs no question, an older one that the name is tapped", () => {
  const asked = (msAgo) =>
    unanswered(resume(begin(heard("1", msAgo))), heard("1", msAgo), MOMENT, 15).question;

  assert.equal(asked(19_999), null);
  assert.deepEqual(asked(20_000), { kind: "name" });
});

test("a confirmation counts by both clocks: one stands still in a pocket, the other may be set", () => {
  const word = heard("1", 1_000);

  assert.equal(isConfirmed(word, MOMENT), true);
  assert.equal(isConfirmed(word, { ...MOMENT, wall: NOW + 60_000 }), false);
  assert.equal(isConfirmed(word, { ...MOMENT, wall: NOW - 60_000 }), false);
  assert.equal(isConfirmed(word, { ...MOMENT, still: 560_000 }), false);
  assert.equal(isConfirmed({ ...word, heardAt: undefined }, MOMENT), false);
});

test("with nothing open photos are unfiled, however old the word is", () => {
  const visit = beginAt(known(null, 600));

  assert.equal(visit.belongs.id, "u");
  assert.equal(visit.question, null);
});

test("a consultation unconfirmed for longer than the setting is asked about before the first shutter", () => {
  assert.equal(beginAt(known("1", 15.1)).question.kind, "stale");
});

test("a phone clock that went back makes the word old instead of fresh", () => {
  assert.equal(beginAt(known("1", -5)).question.kind, "stale");
  assert.equal(isStale(NaN, NOW, 15), true);
});

test("using the old consultation keeps it, declining it leaves the photos unfiled", () => {
  const word = known("1", 40);
  const asked = beginAt(word);

  assert.deepEqual(answer(asked, "use", word, NOW), { ...asked, question: null, namedAt: NOW });
  assert.equal(answer(asked, "decline", word).belongs.id, "u");
});

test("the server's word that nothing changed closes the question of age", () => {
  assert.equal(hear(beginAt(known("1", 40)), known("1")).question, null);
});

test("when the desktop moves, the visit asks and does not move by itself", () => {
  const visit = hear(beginAt(known("1")), known("2"));

  assert.equal(visit.belongs.id, "1");
  assert.deepEqual(visit.question, { kind: "moved", to: visitOf("2") });
});

test("the desktop moving to no consultation, or from none, asks as well", () => {
  assert.equal(hear(beginAt(known("1")), known(null)).question.to.id, "u");
  assert.equal(hear(beginAt(known(null)), known("2")).question.to.id, "2");
});

test("keep stays, and is not asked again about the same consultation", () => {
  const kept = answer(hear(beginAt(known("1")), known("2")), "keep", known("2"));

  assert.equal(kept.belongs.id, "1");
  assert.equal(hear(kept, known("2")).question, null);
});

test("keep is asked again when the desktop moves on", () => {
  const kept = answer(hear(beginAt(known("1")), known("2")), "keep", known("2"));

  assert.equal(hear(kept, known("3")).question.to.id, "3");
});

test("switch moves the visit", () => {
  const moved = answer(hear(beginAt(known("1")), known("2")), "switch", known("2"));

  assert.equal(moved.belongs.id, "2");
  assert.equal(moved.question, null);
});

test("the desktop coming back withdraws the question", () => {
  assert.equal(hear(hear(beginAt(known("1")), known("2")), known("1")).question, null);
});

test("a declined consultation is not offered again in the same visit", () => {
  const declined = answer(beginAt(known("1", 40)), "decline", known("1", 40));

  assert.equal(hear(declined, known("1")).question, null);
});

test("an answer to another question than the one asked changes nothing", () => {
  const asked = hear(beginAt(known("1")), known("2"));

  for (const wrong of ["use", "decline"]) assert.equal(answer(asked, wrong, known("2")), asked);
  assert.equal(answer(beginAt(known("1")), "switch", known("2")).belongs.id, "1");
});

test("a camera that comes back into use waits for the server; an open question stays as it is", () => {
  const named = answer(beginAt(known("1", 5)), "use", known("1", 5), NOW);
  const again = resume(named);

  assert.deepEqual(again.question, { kind: "asking" });
  assert.equal(unanswered(again, known("1", 5), MOMENT, 15).question.kind, "name");
  const asked = hear(named, known("2"));
  assert.equal(resume(asked).question.kind, "moved");
});

test("a tapped name is good until the setting's age, in one camera session", () => {
  const named = answer(beginAt(known("1", 5)), "use", known("1", 5), NOW);
  const later = (minutes) => ({ wall: NOW + minutes * MINUTE, still: 0 });

  assert.equal(unanswered(named, known("1", 5), later(15), 15).question, null);
  assert.equal(unanswered(named, known("1", 5), later(15.1), 15).question.kind, "stale");
});

test("what was kept is asked again once the camera and the review are left", () => {
  const kept = answer(hear(begin(known("1")), known("2")), "keep", known("2"));

  assert.equal(leave(kept, known("2")).question.kind, "moved");
  assert.equal(leave(begin(known("1")), known("1")).question, null);
});

test("a label that was corrected on the desktop is the one that is shown", () => {
  const corrected = { ...known("1"), current: { ...visitOf("1"), label: "Room one" } };

  assert.equal(hear(begin(known("1")), corrected).belongs.label, "Room one");
});

test("a consultation that was closed takes no new photos: only the other place is offered", () => {
  const closed = { ...known("2"), closed: "1" };
  const visit = hear(beginAt(known("1")), closed);

  assert.deepEqual(visit.question, { kind: "closed", to: visitOf("2") });
  assert.equal(answer(visit, "keep", closed), visit);
  assert.equal(answer(visit, "switch", closed).belongs.id, "2");
});

test("what was kept before it was closed is asked about again", () => {
  const moved = hear(beginAt(known("1")), known(null));
  const kept = answer(moved, "keep", known(null));

  assert.equal(hear(kept, known(null)).question, null);
  assert.equal(hear(kept, { ...known(null), closed: "1" }).question.kind, "closed");
});

test("one that is opened again as the current one needs no question", () => {
  const asked = hear(beginAt(known("1")), { ...known(null), closed: "1" });

  assert.equal(hear(asked, known("1")).question, null);
});
