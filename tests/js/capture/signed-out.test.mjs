/** What the phone shows once its last user has signed out, and to whom its photos belong then. */
import assert from "node:assert/strict";
import test from "node:test";

import { othersOf } from "../../../pwa/capture/home-view.js";
import { signInOf } from "../../../pwa/capture/notices-view.js";
import { UNKNOWN } from "../../../pwa/capture/store.js";

const ANNA = { id: "anna", name: "Anna" };
const others = (owner, otherOwners) =>
  othersOf({ ...UNKNOWN, owner, listing: { ...UNKNOWN.listing, otherOwners } });
const notices = (state) =>
  signInOf({ ...UNKNOWN, ...state }, { signInUrl: () => "/sign-in" }).map(({ text }) => text);

test("photos belong to another user only where one is signed in", () => {
  assert.equal(others(null, 3), "3 photos wait here until their owner signs in.");
  assert.equal(others(null, 1), "1 photo waits here until its owner signs in.");
  assert.match(others(ANNA, 3), /^3 photos of another person are kept/);
  assert.equal(others(null, 0), "");
});

test("without a link a phone shows for whom it waits: its first user, or the one who signed out", () => {
  assert.deepEqual(notices({ linkUp: false, signedOut: true }), [
    "You are signed out. Connect this phone to sign in.",
  ]);
  assert.deepEqual(notices({ linkUp: false }), [
    "Connect this phone to the network once, to sign in.",
  ]);
  assert.deepEqual(notices({ linkUp: true, signedOut: true }), []);
});
