/** I4: the consultation of the next shutter changes only by the clinician's own answer. */
import assert from "node:assert/strict";
import test from "node:test";

import { answer, begin, hear, isStale, resume } from "../../pwa/capture/consultation-guard.js";

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;
const visitOf = (id) => ({ id, label: `Room ${id}`, kind: "visit", openedAt: "" });
const unfiled = { id: "u", label: "Unfiled", kind: "unfiled", openedAt: "" };
const known = (id, minutesAgo = 0) => ({
  current: id ? visitOf(id) : null,
  unfiled,
  confirmedAt: NOW - minutesAgo * MINUTE,
});
const beginAt = (word) => begin(word, NOW, 15);

test("a confirmed consultation needs no question", () => {
  const visit = beginAt(known("1", 15));

  assert.equal(visit.belongs.id, "1");
  assert.equal(visit.question, null);
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

  assert.deepEqual(answer(asked, "use", word), { ...asked, question: null });
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

test("a visit taken up after a long pause is asked about, an open question stays as it is", () => {
  const visit = beginAt(known("1"));
  const later = NOW + 60 * MINUTE;

  assert.equal(resume(visit, known("1"), later, 15).question.kind, "stale");
  const asked = hear(visit, known("2"));
  assert.equal(resume(asked, known("2"), later, 15), asked);
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
