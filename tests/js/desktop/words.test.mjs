import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSignedOut, errorMessage } from "../../../pwa/desktop/shell/error-messages.js";
import { ApiProblem, NotReached } from "../../../pwa/shared/http.js";
import { SignedOut } from "../../../pwa/page/session/user-state.js";
import { desktop as words } from "../../../pwa/page/words/desktop.js";

const problem = (code, status = 409) => new ApiProblem({ code, status, detail: "" });

describe("a failed action", () => {
  it("says what happened, what is safe and what to do", () => {
    const said = errorMessage("delete", new NotReached("network"));

    assert.match(said, /not deleted/);
    assert.match(said, /safe/);
    assert.match(said, /try again/);
  });

  it("never claims that nothing happened when the answer only came too late", () => {
    assert.doesNotMatch(errorMessage("start", new NotReached("timeout")), /not started/);
  });

  it("has a sentence for codes it knows and for those it does not", () => {
    assert.match(errorMessage("choose", problem("consultation-closed")), /closed/);
    assert.match(errorMessage("load", problem("something-new")), /Something went wrong/);
  });

  it("leads to the sign-in only where that helps", () => {
    assert.equal(isSignedOut(new SignedOut()), true);
    assert.equal(isSignedOut(problem("unauthenticated", 401)), true);
    assert.equal(isSignedOut(problem("session-pending", 403)), true);
    assert.equal(isSignedOut(new NotReached("network")), false);
    assert.equal(isSignedOut(problem("photo-not-found", 404)), false);
  });
});

describe("the catalogue", () => {
  it("counts exactly", () => {
    assert.deepEqual([0, 1, 2].map(words.photos), ["No photos", "1 photo", "2 photos"]);
    assert.equal(words.arrived(1, 8), "New photo. 8 photos now.");
    assert.equal(words.arrived(3, 8), "3 new photos. 8 photos now.");
  });

  it("says what to open before an unfiled photo can be moved", () => {
    assert.match(words.unfiledText, /Open a photo, then choose “Move to…”/);
  });
});
