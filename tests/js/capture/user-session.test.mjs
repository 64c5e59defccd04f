/** The user of the phone: a change of user ends what the last one did, and nothing of the next one. */
import assert from "node:assert/strict";
import test from "node:test";

import { UserSession } from "../../../pwa/capture/session/user-session.js";
import { UNKNOWN } from "../../../pwa/capture/store.js";
import { phone as words } from "../../../pwa/page/words/phone.js";
import { flowState, moment, started } from "./stage.mjs";

const KNEE = { id: "c-1", label: "Left knee", kind: "visit", openedAt: "2026-03-01T10:00:00Z" };
const ME = {
  user: { id: "user_ben", name: "ben" },
  images: UNKNOWN.images,
  consultationStaleMinutes: 15,
  currentConsultation: KNEE,
  unfiledConsultation: { ...KNEE, id: "unfiled", kind: "unfiled" },
};

/** A phone whose storage takes its time to remember the server's answer. */
function phone(state = {}) {
  const stage = started({ current: { id: "c-1", label: "Left knee" } });
  stage.store.set(state);
  const { capturing } = stage;
  let remember = () => {};
  const remembered = new Promise((resolve) => (remember = () => resolve(undefined)));
  const userSession = new UserSession(
    stage.store,
    /** @type {any} */ ({ setConsultation: () => remembered }),
    /** @type {any} */ ({}),
    (known) => capturing.onServerUpdate(known),
    () => capturing.endSession(),
  );
  return { stage, capturing, userSession, remember };
}

test("a camera that is opened at once after the first sign-in stays open", async () => {
  const { stage, capturing, userSession, remember } = phone({ owner: null, known: null });

  const answered = userSession.onUser(ME, moment());
  capturing.open();
  remember();
  await answered;

  assert.equal(flowState(stage), "camera");
});

test("a camera that another user had opened is closed", async () => {
  const { stage, capturing, userSession, remember } = phone();
  capturing.open();

  const answered = userSession.onUser(ME, moment());
  remember();
  await answered;

  assert.equal(flowState(stage), "connected");
});

test("a camera that the same user had opened stays open", async () => {
  const { stage, capturing, userSession, remember } = phone({ owner: ME.user });
  capturing.open();

  const answered = userSession.onUser(ME, moment());
  remember();
  await answered;

  assert.equal(flowState(stage), "camera");
});

test("a sign-out promises sending for what was approved, and nothing for what waits for review", () => {
  assert.match(words.signOutText(2, 0), /what waits here is sent when you sign in/);
  assert.doesNotMatch(words.signOutText(0, 3), /sent/);
  assert.match(words.signOutText(0, 1), /1 photo in review waits until/);
  assert.match(
    words.signOutText(1, 2),
    /1 photo is sent .* 2 photos in review wait until .* Upload/,
  );
});
