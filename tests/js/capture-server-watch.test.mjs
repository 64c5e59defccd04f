/** How soon the phone learns that the desktop moved. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerWatch } from "../../pwa/capture/server-watch.js";

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
  const heard = [];
  const answer = { consultation: null, closed: false };
  /** Set while the server takes its time. */
  const slow = { wait: null };
  const request = async (method, path) => {
    asked.push(path);
    await slow.wait;
    return { data: answer };
  };
  const nothing = () => {};
  const current = ({ consultation, closed }) => heard.push([consultation, closed]);
  const hearing = { me: nothing, current, link: nothing, signIn: nothing };
  const watch = new ServerWatch(request, hearing, () => ({
    open: inCamera.yes,
    place: inCamera.place ?? null,
  }));
  await watch.start();
  const pass = async (ms) => {
    t.mock.timers.tick(ms);
    // A round is a few promises long.
    for (let turn = 0; turn < 20; turn++) await null;
  };
  return { asked, heard, answer, listeners, watch, pass, slow };
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

test("the server is told which consultation the camera is on, and its word that it was closed is heard", async (t) => {
  const inCamera = { yes: true, place: "room-2" };
  const { asked, heard, answer, watch } = await watching(t, { inCamera });
  await watch.ask();
  answer.closed = true;
  await watch.ask();

  // A page that was loaded anew asks for it beside who is signed in.
  const word = "/api/consultations/current?camera=room-2";
  assert.deepEqual(asked, ["/api/me", word, word, word]);
  assert.deepEqual(heard, [
    [null, null],
    [null, "room-2"],
  ]);
});

test("a question is answered by nothing that was asked before it", async (t) => {
  const { asked, heard, answer, watch, pass, slow } = await watching(t, {
    inCamera: { yes: true },
  });
  await watch.ask();
  let letGo = () => {};
  slow.wait = new Promise((resolve) => (letGo = resolve));
  void watch.ask();
  const before = asked.length;
  const told = heard.length;

  const anew = watch.askAnew();
  slow.wait = null;
  letGo();
  answer.consultation = { id: "room-3" };
  assert.equal(await anew, true);
  await pass(0);

  assert.equal(asked.length, before + 1);
  assert.equal(heard.length, told + 2);
});

test("a hint asks at once, and a crowd of hints once more", async (t) => {
  const { asked, watch, pass } = await watching(t, { inCamera: { yes: true } });
  await watch.ask();
  const before = asked.length;

  watch.hint();
  await pass(0);
  assert.equal(asked.length, before + 1);
  for (let photo = 0; photo < 20; photo++) watch.hint();
  await pass(1_000);

  assert.equal(asked.length, before + 2);
});

test("a server that does not answer is told from one that does", async (t) => {
  const { watch, slow } = await watching(t, { inCamera: { yes: true } });

  assert.equal(await watch.ask(), true);
  slow.wait = Promise.reject(new TypeError("no link"));
  assert.equal(await watch.ask(), false);
});
