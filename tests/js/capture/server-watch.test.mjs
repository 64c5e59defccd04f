/** How soon the phone learns that the desktop moved. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerWatch } from "../../../pwa/capture/session/server-watch.js";

/** A watch over a server that counts questions, in a page that can be hidden. */
async function watching(t, { inCamera }) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const listeners = {};
  const on = (event, run) => (listeners[event] = run);
  globalThis.document = /** @type {any} */ ({ hidden: false, addEventListener: on });
  globalThis.addEventListener = /** @type {any} */ (on);
  t.after(() => {
    delete globalThis.document;
    delete globalThis.addEventListener;
  });
  const asked = [];
  const received = [];
  const answer = { consultation: null, closed: false };
  /** Set while the server takes its time. */
  const slow = { wait: null };
  const request = async (method, path) => {
    asked.push(path);
    await slow.wait;
    return { data: answer };
  };
  const nothing = () => {};
  const current = ({ consultation, closed }) => received.push([consultation, closed]);
  const handlers = { me: nothing, current, link: nothing, signIn: nothing };
  const watch = new ServerWatch(request, handlers, () => ({
    open: inCamera.yes,
    place: inCamera.place ?? null,
  }));
  await watch.start();
  const pass = async (ms) => {
    t.mock.timers.tick(ms);
    // A round is a few promises long.
    for (let turn = 0; turn < 20; turn++) await null;
  };
  return { asked, received, answer, listeners, watch, pass, slow };
}

test("while the camera is open the server is asked every 5 s, otherwise every 15 s", async (t) => {
  const inCamera = { yes: false };
  const { asked, watch, pass } = await watching(t, { inCamera });
  await pass(14_999);
  assert.equal(asked.length, 1);
  await pass(1);
  assert.equal(asked.length, 2);

  inCamera.yes = true;
  await watch.ask();
  await pass(4_999);
  assert.equal(asked.length, 3);
  await pass(1);
  await pass(5_000);
  assert.equal(asked.length, 5);
});

test("a page that is seen again asks at once, a hidden one never", async (t) => {
  const { asked, listeners, pass } = await watching(t, { inCamera: { yes: true } });
  document.hidden = true;
  await pass(5_000);
  const before = asked.length;
  await pass(60_000);
  assert.equal(asked.length, before);

  document.hidden = false;
  listeners.visibilitychange();
  await pass(0);

  assert.equal(asked.length, before + 1);
});

test("the question names the consultation of the camera, and the answer that it was closed is passed on", async (t) => {
  const inCamera = { yes: true, place: "room-2" };
  const { asked, received, answer, watch } = await watching(t, { inCamera });
  await watch.ask();
  answer.closed = true;
  await watch.ask();

  // A reloaded page asks for it beside the signed-in user.
  const path = "/api/consultations/current?camera=room-2";
  assert.deepEqual(asked, ["/api/me", path, path, path]);
  assert.deepEqual(received, [
    [null, null],
    [null, "room-2"],
  ]);
});

test("a question is answered by nothing that was asked before it", async (t) => {
  const { asked, received, answer, watch, pass, slow } = await watching(t, {
    inCamera: { yes: true },
  });
  await watch.ask();
  let letGo = () => {};
  slow.wait = new Promise((resolve) => (letGo = resolve));
  void watch.ask();
  const before = asked.length;
  const earlier = received.length;

  const again = watch.askAgain();
  slow.wait = null;
  letGo();
  answer.consultation = { id: "room-3" };
  assert.equal(await again, true);
  await pass(0);

  assert.equal(asked.length, before + 1);
  assert.equal(received.length, earlier + 2);
});

test("a notification asks at once, and many of them once more", async (t) => {
  const { asked, watch, pass } = await watching(t, { inCamera: { yes: true } });
  await watch.ask();
  const before = asked.length;

  watch.onNotification();
  await pass(0);
  assert.equal(asked.length, before + 1);
  for (let photo = 0; photo < 20; photo++) watch.onNotification();
  await pass(1_000);

  assert.equal(asked.length, before + 2);
});

test("a server that does not answer is distinguished from one that does", async (t) => {
  const { watch, slow } = await watching(t, { inCamera: { yes: true } });

  assert.equal(await watch.ask(), true);
  slow.wait = Promise.reject(new TypeError("no link"));
  assert.equal(await watch.ask(), false);
});
