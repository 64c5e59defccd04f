/** The worker's cookie is renewed whenever the page has reason to, and only then. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";

import { keepUploadSession } from "../../../pwa/page/session/upload-session.js";

const HALF_AN_HOUR = 30 * 60_000;

describe("keeping the upload session", () => {
  let asked;
  let user;
  let notify;
  let page;
  let stop;

  beforeEach(() => {
    mock.timers.enable({ apis: ["setInterval"] });
    asked = [];
    user = { id: "user_anna", name: "Anna" };
    page = Object.assign(new EventTarget(), { hidden: false });
  });

  afterEach(() => {
    stop();
    mock.timers.reset();
  });

  function start(request = async (...question) => void asked.push(question.join(" "))) {
    const session = {
      user: () => user,
      onChange: (callback) => {
        notify = callback;
        return () => (notify = () => {});
      },
    };
    stop = keepUploadSession(session, { request }, page);
  }

  it("asks at once when a user is signed in", () => {
    start();

    assert.deepEqual(asked, ["POST /api/upload-session"]);
  });

  it("asks after a sign-in and not after a sign-out", () => {
    user = null;
    start();
    assert.equal(asked.length, 0);

    user = { id: "user_ben", name: "Ben" };
    notify(user);
    assert.equal(asked.length, 1);
    user = null;
    notify(user);
    assert.equal(asked.length, 1);
  });

  it("asks every half hour while the page is visible", () => {
    start();
    mock.timers.tick(2 * HALF_AN_HOUR);
    assert.equal(asked.length, 3);

    page.hidden = true;
    mock.timers.tick(2 * HALF_AN_HOUR);
    assert.equal(asked.length, 3);
  });

  it("asks when the page comes to the front", () => {
    start();
    page.dispatchEvent(new Event("visibilitychange"));

    assert.equal(asked.length, 2);
  });

  it("survives a server that is out of reach, and tries at the next occasion", async () => {
    start(async () => {
      asked.push("failed");
      throw new Error("no link");
    });
    await new Promise(setImmediate);
    page.dispatchEvent(new Event("visibilitychange"));

    assert.equal(asked.length, 2);
  });

  it("stops on request", () => {
    start();
    stop();
    mock.timers.tick(HALF_AN_HOUR);
    page.dispatchEvent(new Event("visibilitychange"));
    notify(user);

    assert.equal(asked.length, 1);
  });
});
