import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apart, fileName, when } from "../../pwa/desktop/times.js";
import { siteOf, timesOf } from "../../pwa/desktop/tile.js";

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

  it("names a file by time and number, with the ending of its type", () => {
    const opened = "2026-11-22T09:05:00Z";

    assert.equal(fileName(opened, 3, "image/jpeg"), "consultation-2026-11-22-1005-photo-03.jpg");
    assert.equal(fileName(opened, 12, "image/webp"), "consultation-2026-11-22-1005-photo-12.webp");
  });
});

describe("what a photo shows", () => {
  const says = (side, bodySite, view) => siteOf({ side, bodySite, view });

  it("reads as a clinician says it", () => {
    assert.equal(says("left", "forearm", "close-up"), "Left forearm, close-up");
    assert.equal(says("both", "hand", ""), "Hand, both sides");
    assert.equal(says("midline", "back", "overview"), "Back, midline, overview");
  });

  it("leaves out what nobody has said", () => {
    assert.equal(says("", "", ""), "");
    assert.equal(says("right", "", ""), "Right");
    assert.equal(says("", "", "regional"), "Regional");
  });
});
