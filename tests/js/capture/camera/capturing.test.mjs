/** I4: owner and consultation are frozen at the tap; whatever the page learns later changes nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { doubtIn } from "../../../../pwa/capture/consultation/place-doubts.js";
import { isPlaced } from "../../../../pwa/queue/photo-record.js";
import { openQuestion, questionOf } from "../../../../pwa/capture/consultation/question.js";
import { ApiProblem, NotReached } from "../../../../pwa/shared/http.js";
import { confirmed, flowState, started, turns, bindingFor } from "../stage.mjs";

const ROOM_2 = { id: "room-2", label: "Room 2" };
const ROOM_3 = { id: "room-3", label: "Room 3" };

/** An open camera whose consultation the server has confirmed. */
async function opened(current = ROOM_2) {
  const stage = started({ current });
  stage.capturing.open();
  await turns();
  return stage;
}

/** The server's answer, a moment later. */
const serverAnswers = (stage, current) => stage.capturing.onServerUpdate(confirmed(stage, current));

test("a shot keeps the consultation of its tap when the desktop moves before it is encoded", async () => {
  const stage = await opened();

  assert.equal(stage.capturing.shoot(), "");
  serverAnswers(stage, ROOM_3);

  const [frozen] = stage.taken;
  assert.equal(frozen.consultationId, "room-2");
  assert.equal(frozen.consultationLabel, "Room 2");
  assert.equal(flowState(stage), "camera");
});

test("no shot is taken while the question which consultation it is stands open", async () => {
  const stage = await opened();
  serverAnswers(stage, ROOM_3);

  assert.equal(stage.capturing.shoot(), "asked");
  assert.deepEqual(stage.taken, []);
});

test("after Keep a shot belongs to the consultation of the camera session, after Switch to the other", async () => {
  for (const [choice, expected] of [
    ["keep", "room-2"],
    ["switch", "room-3"],
  ]) {
    const stage = await opened();
    serverAnswers(stage, ROOM_3);

    await stage.capturing.answer(choice);
    stage.capturing.shoot();

    assert.equal(stage.taken[0].consultationId, expected);
  }
});

test("a retake takes the consultation of the photo it replaces, not the current one", () => {
  const stage = started({ current: ROOM_3 });

  stage.capturing.retake({
    photoId: "old",
    consultationId: "room-2",
    consultationLabel: "Room 2",
  });
  stage.capturing.shoot();

  assert.equal(stage.taken[0].consultationId, "room-2");
  assert.equal(stage.taken[0].retakeOf, "old");
});

test("a photo is out of reach until its retake is in the list, and back where that was not saved", async () => {
  for (const saved of [true, false]) {
    const stage = started({ current: ROOM_2 });
    let read = () => {};
    stage.capturing.refresh = () => new Promise((resolve) => (read = () => resolve(null)));
    stage.shots.add = async () => saved;

    stage.capturing.retake({
      photoId: "old",
      consultationId: "room-2",
      consultationLabel: "Room 2",
    });
    stage.capturing.shoot();
    await turns();
    assert.deepEqual(stage.store.state.replacing, ["old"]);
    read();
    await turns();

    assert.deepEqual(stage.store.state.replacing, []);
  }
});

test("the question speaks of photos only where the camera session has one, and is asked in any case", async () => {
  const stage = await opened();
  const moveTo = (/** @type {string} */ label) => {
    serverAnswers(stage, { id: label, label });
    const { cameraSession, known } = stage.store.state;
    return questionOf(cameraSession, known)?.text;
  };

  assert.equal(moveTo("Room 3"), "The desktop is now on Room 3\nThis phone is on Room 2");
  await stage.capturing.answer("keep");
  stage.capturing.shoot();
  assert.equal(moveTo("Room 4"), "The desktop is now on Room 4\nThese photos belong to Room 2");
  await stage.capturing.answer("switch");
  assert.equal(moveTo("Room 5"), "The desktop is now on Room 5\nThis phone is on Room 4");
});

test("the shutter is not free before the server has answered", async () => {
  const stage = started({ current: ROOM_2 });
  let answer = () => {};
  stage.confirming.askServer = () =>
    new Promise((resolve) => {
      answer = () => (serverAnswers(stage, ROOM_3), resolve(true));
    });
  stage.capturing.open();

  assert.equal(stage.capturing.shoot(), "asked");
  answer();
  await turns();

  assert.equal(stage.store.state.cameraSession.question.kind, "moved");
  assert.deepEqual(stage.taken, []);
});

for (const [name, ago, question] of [
  ["younger than 20 s is enough", 19_000, undefined],
  ["older than 20 s is not: the name is tapped", 20_000, "name"],
  ["older than the setting is asked about with its age", 16 * 60_000, "stale"],
]) {
  test(`without an answer a confirmation ${name}`, async () => {
    const stage = started({ current: ROOM_2, ago });
    stage.confirming.askServer = async () => false;

    stage.capturing.open();
    await turns();

    assert.equal(stage.store.state.cameraSession.question?.kind, question);
    assert.equal(stage.capturing.shoot(), question ? "asked" : "");
  });
}

test("an answer that takes more than two seconds is not waited for", async (t) => {
  const stage = started({ current: ROOM_2, ago: 30_000 });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  stage.confirming.askServer = () => new Promise(() => {});
  stage.capturing.open();

  t.mock.timers.tick(1_999);
  await turns();
  assert.equal(stage.store.state.cameraSession.question.kind, "asking");
  t.mock.timers.tick(1);
  await turns();

  assert.equal(stage.store.state.cameraSession.question.kind, "name");
});

test("the tapped name is good for one camera session, and for no other", async () => {
  const stage = started({ current: ROOM_2, ago: 30_000 });
  const { capturing, confirming } = stage;
  confirming.askServer = async () => false;
  capturing.open();
  await turns();
  await capturing.answer("use");

  assert.equal(capturing.shoot(), "");
  capturing.tick();
  assert.equal(capturing.shoot(), "");
  capturing.close();
  capturing.open();
  await turns();

  assert.equal(stage.store.state.cameraSession.question.kind, "name");
});

test("an open camera without an answer for 20 s asks for the name before the next shot", async () => {
  const stage = await opened();
  const { known } = stage.store.state;
  stage.store.set({ known: { ...known, heardAt: known.heardAt - 20_000 } });

  stage.capturing.tick();

  assert.equal(stage.capturing.shoot(), "asked");
  assert.equal(stage.store.state.cameraSession.question.kind, "name");
});

test("Switch asks about the photo that was taken since the desktop moved, and the answer moves it", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  serverAnswers(stage, ROOM_3);
  await stage.capturing.answer("switch");

  const { text, choices } = openQuestion(stage.store.state);
  assert.equal(text, "1 photo was taken after the desktop moved. It belongs to:");
  assert.deepEqual(
    choices.map((choice) => choice.text),
    ["Room 2", "Room 3"],
  );
  assert.equal(stage.capturing.shoot(), "asked");
  await stage.capturing.answer("place:room-3");

  const [photo] = stage.store.state.listing.photos;
  assert.equal(photo.consultationId, "room-3");
  assert.deepEqual(photo.placed.from, { id: "room-2", label: "Room 2" });
  assert.equal(openQuestion(stage.store.state), null);
});

test("a photo taken before the desktop moved is not asked about", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  const answer = confirmed(stage, ROOM_3);

  stage.capturing.onServerUpdate({ ...answer, since: Date.now() + 1 });
  await stage.capturing.answer("switch");

  assert.equal(openQuestion(stage.store.state), null);
});

const ROOM_4 = { id: "room-4", label: "Room 4" };

test("of several moves that were not received each one is a place that the photo may belong to", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  const answer = confirmed(stage, ROOM_4);
  const [shot] = stage.store.state.listing.photos;
  const at = Date.parse(shot.capturedAt);

  // Room 3 began before the shutter and Room 4 after it.
  const steps = [
    { to: bindingFor(ROOM_3), after: at - 5 },
    { to: bindingFor(ROOM_4), after: at + 5 },
  ];
  stage.capturing.onServerUpdate({ ...answer, since: at + 5, steps });
  await stage.capturing.answer("switch");

  const { choices } = openQuestion(stage.store.state);
  assert.deepEqual(
    choices.map((choice) => choice.text),
    ["Room 2", "Room 3"],
  );
});

test("Keep is no answer about a consultation that its question did not name", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  const answer = confirmed(stage, ROOM_4);
  const at = Date.parse(stage.store.state.listing.photos[0].capturedAt);
  const steps = [
    { to: bindingFor(ROOM_3), after: at - 5 },
    { to: bindingFor(ROOM_4), after: at + 5 },
  ];
  stage.capturing.onServerUpdate({ ...answer, since: at + 5, steps });
  await stage.capturing.answer("keep");

  const { choices } = openQuestion(stage.store.state);
  assert.deepEqual(
    choices.map((choice) => choice.text),
    ["Room 2", "Room 3"],
  );
});

test("where the desktop came back from no consultation no other patient is possible", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  serverAnswers(stage, null);
  serverAnswers(stage, ROOM_2);

  assert.equal(openQuestion(stage.store.state), null);
});

test("a retake of a photo in doubt is in doubt as well, and one of any other is not", async () => {
  for (const [since, asked] of [
    [0, true],
    [Date.now() + 60_000, false],
  ]) {
    const stage = await opened();
    stage.capturing.shoot();
    const [first] = stage.store.state.listing.photos;
    stage.capturing.onServerUpdate({ ...confirmed(stage, ROOM_3), since });
    await stage.capturing.answer("switch");
    stage.capturing.retake(first);
    stage.capturing.shoot();

    const retaken = stage.store.state.listing.photos.slice(1);
    assert.equal(doubtIn(retaken, stage.store.state.known.moves) !== null, asked);
    assert.equal(retaken[0].firstCapturedAt, first.capturedAt);
    assert.equal("placed" in retaken[0], false);
  }
});

test("a reloaded page stays with the patient of its photos in review, and asks", async () => {
  const before = await opened();
  before.capturing.shoot();
  serverAnswers(before, ROOM_3);
  await before.capturing.answer("keep");
  before.capturing.shoot();

  const { known, listing } = before.store.state;
  const after = started({ current: ROOM_3 });
  after.store.set({ known, listing });
  after.capturing.resumeLast();

  assert.equal(after.capturing.consultationId, "room-2");
  assert.match(openQuestion(after.store.state).text, /^The desktop is now on Room 3\n/);
  serverAnswers(after, ROOM_3);
  assert.equal(after.capturing.consultationId, "room-2");

  // The desktop goes on after the reload: that is asked as without one.
  const upToDate = started({ current: ROOM_2 });
  upToDate.store.set({ listing });
  upToDate.capturing.resumeLast();
  assert.equal(openQuestion(upToDate.store.state), null);
  serverAnswers(upToDate, ROOM_3);
  assert.equal(upToDate.capturing.consultationId, "room-2");
  assert.match(openQuestion(upToDate.store.state).text, /^The desktop is now on Room 3\n/);
});

test("a server that refuses to reopen says why; without an answer the link is named", async () => {
  const messages = [];
  const stage = await opened();
  stage.capturing.showMessage = (text) => messages.push(text);
  stage.capturing.onServerUpdate({ ...confirmed(stage, null), closed: "room-2" });
  const why = "An open consultation already has this label.";
  const refusals = [
    new ApiProblem({ code: "label-in-use", status: 409, detail: why }),
    new NotReached("network"),
  ];
  stage.capturing.reopen = async () => {
    throw refusals.shift();
  };

  await stage.capturing.answer("reopen");
  await stage.capturing.answer("reopen");

  assert.equal(messages[0], `Room 2 was not reopened. ${why}`);
  assert.match(messages[1], /the server did not answer/);
});

test("Keep answers for the photos taken meanwhile, and later ones against that consultation alone", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  serverAnswers(stage, ROOM_3);
  await stage.capturing.answer("keep");
  stage.capturing.shoot();
  serverAnswers(stage, { id: "room-4", label: "Room 4" });
  await stage.capturing.answer("switch");

  // Room 4 was in no question, and the second photo may be of it.
  const { text, choices } = openQuestion(stage.store.state);
  assert.equal(text, "1 photo was taken after the desktop moved. It belongs to:");
  assert.deepEqual(
    choices.map((choice) => choice.text),
    ["Room 2", "Room 3", "Room 4"],
  );
  const [first, second] = stage.store.state.listing.photos;
  assert.deepEqual([isPlaced(first), isPlaced(second)], [true, false]);
});

test("a photo kept against the consultation that is current still is not asked about", async () => {
  const stage = await opened();
  serverAnswers(stage, ROOM_3);
  await stage.capturing.answer("keep");
  stage.capturing.shoot();
  const later = confirmed(stage, ROOM_4);
  stage.capturing.onServerUpdate({ ...later, since: Date.now() + 60_000 });
  await stage.capturing.answer("switch");

  assert.equal(openQuestion(stage.store.state), null);
});

test("the desktop's move is a card on the first screen as well; only an unfiled phone follows it", async () => {
  const stage = await opened();
  stage.capturing.close();
  serverAnswers(stage, ROOM_3);

  assert.equal(stage.store.state.cameraSession.consultation.id, "room-2");
  assert.match(openQuestion(stage.store.state).text, /^The desktop is now on Room 3\n/);

  const unfiled = started({ current: ROOM_2 });
  const followed = [];
  unfiled.capturing.followed = (to) => followed.push(to.id);
  serverAnswers(unfiled, null);
  serverAnswers(unfiled, ROOM_3);
  assert.deepEqual(followed, ["room-3"]);
  assert.equal(unfiled.store.state.cameraSession.consultation.id, "room-3");
});

test("what was kept in one camera session is asked again in the next", async () => {
  const stage = await opened();
  stage.confirming.askServer = async () => (serverAnswers(stage, ROOM_3), true);
  serverAnswers(stage, ROOM_3);
  await stage.capturing.answer("keep");
  stage.capturing.close();

  stage.capturing.open();
  await turns();

  assert.equal(stage.capturing.shoot(), "asked");
});

test("picked files wait for the server's answer: with the same consultation they are filed there", async () => {
  const stage = started({ current: ROOM_2 });
  assert.equal(await stage.choosing.before(), true);

  await stage.choosing.choose([{ name: "a.jpg" }, { name: "b.jpg" }]);

  assert.deepEqual(
    stage.taken.map(({ consultationId }) => consultationId),
    ["room-2", "room-2"],
  );
  assert.equal(flowState(stage), "reviewing");
});

test("picked files without a known consultation are not dropped without a message", async () => {
  const stage = started({ current: ROOM_2 });
  stage.store.set({ known: null });

  await stage.choosing.choose([{ name: "a.jpg" }]);

  assert.deepEqual(
    stage.store.state.messages.map(({ text }) => text),
    ["1 chosen photo was not added. Tap Choose photos to add it again."],
  );
});

test("a refused tap says why: nothing is ready, full, or still being saved", async () => {
  const stage = await opened();
  stage.camera.ready = false;
  assert.equal(stage.capturing.shoot(), "camera");
  stage.shots.full = true;
  assert.equal(stage.capturing.shoot(), "saving");
  stage.store.set({ hasSpace: false });
  assert.equal(stage.capturing.shoot(), "room");
});

test("the desktop that moves while files are picked is asked about, and the answer files them", async () => {
  for (const [answer, expected] of [
    ["keep", "room-2"],
    ["switch", "room-3"],
  ]) {
    const stage = started({ current: ROOM_2 });
    assert.equal(await stage.choosing.before(), true);
    stage.confirming.askServer = async () => (serverAnswers(stage, ROOM_3), true);
    stage.dialogs.answers.push(answer);

    await stage.choosing.choose([{ name: "a.jpg" }]);

    assert.deepEqual(stage.dialogs.asked, [
      "The desktop is now on Room 3\nThese photos belong to Room 2",
    ]);
    assert.deepEqual(
      stage.taken.map(({ consultationId }) => consultationId),
      [expected],
    );
  }
});

test("a question that is closed without an answer files nothing, and says so", async () => {
  const stage = started({ current: ROOM_2 });
  await stage.choosing.before();
  stage.confirming.askServer = async () => (serverAnswers(stage, ROOM_3), true);

  await stage.choosing.choose([{ name: "a.jpg" }, { name: "b.jpg" }]);

  assert.deepEqual(stage.taken, []);
  assert.match(stage.store.state.messages[0].text, /^2 chosen photos were not added/);
});

test("without a link the name is tapped before files are picked", async () => {
  const stage = started({ current: ROOM_2, ago: 30_000 });
  stage.confirming.askServer = async () => false;

  assert.equal(await stage.choosing.before(), false);
  stage.dialogs.answers.push("use");
  assert.equal(await stage.choosing.before(), true);

  assert.match(stage.dialogs.asked[1], /^Photos for Room 2\?/);
});

test("the name that was tapped for a picker that was closed again is tapped once more for the next", async () => {
  const stage = started({ current: ROOM_2, ago: 25_000 });
  stage.confirming.askServer = async () => false;
  stage.dialogs.answers.push("use", "use");

  assert.equal(await stage.choosing.before(), true);
  assert.equal(await stage.choosing.before(), true);

  assert.equal(stage.dialogs.asked.length, 2);
});

test("an upload asks whose a photo is that was taken after the server's last answer", async () => {
  const stage = await opened();
  stage.capturing.shoot();
  stage.store.set({ linkUp: true });
  stage.confirming.askServer = async () => (serverAnswers(stage, ROOM_3), true);
  const [{ photoId }] = stage.store.state.listing.photos;

  assert.equal(await stage.choosing.beforeUpload([photoId]), false);
  stage.dialogs.answers.push("place:room-3");
  assert.equal(await stage.choosing.beforeUpload([photoId]), true);

  assert.equal(stage.store.state.listing.photos[0].consultationId, "room-3");
});

test("two consultations of one label in one minute are distinguished in the question", async () => {
  const stage = await opened();
  const openedAt = "2026-03-01T10:00:30Z";
  stage.capturing.onServerUpdate({
    ...confirmed(stage, null),
    current: { ...ROOM_3, label: "Room 2", kind: "visit", openedAt },
  });

  const { text, choices } = openQuestion(stage.store.state);
  const names = text.match(/Room 2 \([^)]+:00\)|Room 2 \([^)]+:30\)/g);
  assert.equal(new Set(names).size, 2, text);
  assert.equal(new Set(choices.map(({ mark }) => mark)).size, 2);
  for (const { detail, mark } of choices) assert.ok(detail.includes(mark));
});
