import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apart, dayAndTime, dayTitle, when } from "../../../pwa/desktop/times.js";
import { siteOf, timesOf } from "../../../pwa/desktop/gallery/tile.js";
import { desktop as words } from "../../../pwa/page/words/desktop.js";

process.env.TZ = "Europe/Berlin";
const NOW = new Date("2026-11-22T11:00:00Z");

describe("times in words", () => {
  it("says only the clock for today, local and in 24 h", () => {
    assert.equal(when("2026-11-22T23:05:00Z", new Date("2026-11-22T23:30:00Z"), "en-GB"), "00:05");
  });

  it("adds the day for other days, and the year for other years", () => {
    assert.equal(when("2026-11-21T09:05:00Z", NOW, "en-GB"), "21 Nov, 10:05");
    assert.equal(when("2025-11-21T09:05:00Z", NOW, "en-GB"), "21 Nov 2025, 10:05");
  });

  it("takes capture and receipt apart only beyond two minutes, whichever clock is ahead", () => {
    const at = (capturedAt, receivedAt) => apart({ capturedAt, receivedAt });

    assert.equal(at("2026-11-22T10:00:00Z", "2026-11-22T10:02:00Z"), false);
    assert.equal(at("2026-11-22T10:00:00Z", "2026-11-22T10:02:01Z"), true);
    assert.equal(at("2026-11-22T10:02:01Z", "2026-11-22T10:00:00Z"), true);
  });

  it("shows both times where they lie apart", () => {
    const photo = { capturedAt: "2026-11-22T09:00:00Z", receivedAt: "2026-11-22T10:30:00Z" };

    assert.equal(timesOf(photo, NOW), "10:00, received 11:30");
    assert.equal(timesOf({ ...photo, receivedAt: photo.capturedAt }, NOW), "10:00");
  });

  it("heads a group with today, yesterday or the date, by the local calendar", () => {
    const title = (iso, now = NOW) => dayTitle(iso, new Date(now), "en-GB", words);

    assert.equal(title("2026-11-21T23:30:00Z"), "Today");
    assert.equal(title("2026-11-21T22:30:00Z"), "Yesterday");
    assert.equal(title("2026-11-20T22:30:00Z"), "Friday 20 November");
    assert.equal(title("2025-11-20T22:30:00Z"), "Thursday, 20 November 2025");
    // A day of 25 hours: yesterday is a date, not a distance.
    assert.equal(title("2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z"), "Today");
    assert.equal(title("2026-10-24T21:30:00Z", "2026-10-25T22:30:00Z"), "Yesterday");
  });

  it("never leaves out the day where one is chosen among many", () => {
    const said = (iso) => dayAndTime(iso, NOW, "en-GB", words);

    assert.equal(said("2026-11-22T09:05:00Z"), "Today, 10:05");
    assert.equal(said("2026-11-19T04:55:00Z"), "Thursday 19 November, 05:55");
  });
});

describe("what a photo shows", () => {
  const says = (side, bodySite, view) => siteOf({ side, bodySite, view });

  it("reads as a clinician says it", () => {
    assert.equal(says("left", "forearm", "close-up"), "Left forearm, close-up");
    assert.equal(says("both", "hand", ""), "Hand, both sides");
    assert.equal(says("midline", "back", "overview"), "Back, midline, overview");
  });

  it("leaves out what was not entered", () => {
    assert.equal(says("", "", ""), "");
    assert.equal(says("right", "", ""), "Right");
    assert.equal(says("", "", "regional"), "Regional");
  });
});
