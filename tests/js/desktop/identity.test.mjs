import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileName, initials } from "../../../pwa/desktop/gallery/file-name.js";
import { apartBy, openTwin } from "../../../pwa/desktop/consultations/identity.js";

process.env.TZ = "Europe/Berlin";
const NOW = new Date("2026-11-22T11:00:00Z");

const consultation = (id, label, openedAt, secondIdentifier = null, closedAt = null) => ({
  id,
  kind: "visit",
  label,
  openedAt,
  secondIdentifier,
  closedAt,
});

describe("what distinguishes consultations of one label", () => {
  const first = consultation("a", "Room 2", "2026-11-22T09:05:10Z", "1961");
  const by = (one, ...others) => apartBy(one, [one, ...others], NOW);

  it("says nothing where the label is enough", () => {
    const other = consultation("b", "Room 3", "2026-11-22T09:05:10Z", "1961");

    assert.deepEqual(by(first, other), { isTwin: false, by: null, seconds: false });
  });

  it("is the identifier where each has its own, whatever the case of the label", () => {
    const other = consultation("b", "ROOM  2", "2026-11-22T09:05:10Z", "1975");

    assert.deepEqual(by(first, other), { isTwin: true, by: "identifier", seconds: false });
  });

  it("is the time where the identifiers are equal or missing, to the second within one minute", () => {
    const same = consultation("b", "Room 2", "2026-11-22T09:05:40Z", "1961");
    const later = consultation("c", "Room 2", "2026-11-22T09:07:00Z", "1961");
    const bare = consultation("d", "Room 2", "2026-11-21T09:05:10Z");

    assert.deepEqual(by(first, same), { isTwin: true, by: "time", seconds: true });
    assert.deepEqual(by(first, later), { isTwin: true, by: "time", seconds: false });
    assert.deepEqual(by(bare, first), { isTwin: true, by: "time", seconds: false });
  });
});

describe("an open consultation that a new one would look like", () => {
  const open = consultation("a", "Room 2", "2026-11-22T09:05:10Z", "1961");
  const closed = consultation("b", "Room 3", "2026-11-22T09:05:10Z", null, "2026-11-22T10:00:00Z");
  const twin = (label, secondIdentifier, except = null) =>
    openTwin({ label, secondIdentifier }, [open, closed], except)?.id;

  it("is named, so that the form can say which", () => {
    assert.equal(twin("room 2", null), "a");
    assert.equal(twin("Room 2", "1961"), "a");
    assert.equal(twin("Room 2", "1975"), undefined);
    assert.equal(twin("Room 3", null), undefined);
    assert.equal(twin("Room 2", null, open), undefined);
  });
});

describe("the name of a file", () => {
  const photo = {
    id: "019350aa-bbcc-7ddd-8eee-112233445566",
    capturedAt: "2026-11-22T09:05:07Z",
    contentType: "image/jpeg",
    side: "left",
    bodySite: "forearm",
    view: "close-up",
    takenDuring: null,
  };
  const own = consultation("a", "Room 2 · J.S. 54y", "2026-11-22T09:05:00Z", "12/03 1961");

  it("carries identifier, day, time, site, view and a piece of the photo's id", () => {
    assert.equal(
      fileName(photo, own),
      "12-03-1961_2026-11-22_100507_left-forearm_close-up_112233445566.jpg",
    );
  });

  it("carries the initials of the label where there is no identifier", () => {
    const named = fileName(
      { ...photo, contentType: "image/webp" },
      { ...own, secondIdentifier: null },
    );

    assert.match(named, /^R-2-JS-54y_2026-11-22_100507_left-forearm_close-up_112233445566\.webp$/);
    assert.equal(initials("Müller, Änne"), "M-A");
    assert.equal(initials("M.T."), "MT");
  });

  it("says that the patient is not confirmed", () => {
    const asked = { id: "b", label: "Room 3", secondIdentifier: null, since: photo.capturedAt };

    assert.match(
      fileName({ ...photo, takenDuring: asked }, own),
      /_not-confirmed_112233445566\.jpg$/,
    );
  });

  it("differs for photos that differ in nothing else", () => {
    const bare = { ...photo, side: "", bodySite: "", view: "" };
    const other = { ...bare, id: "019350aa-bbcc-7ddd-8eee-112233445567" };

    assert.notEqual(fileName(bare, own), fileName(other, own));
  });

  for (const label of [
    "../../etc/passwd",
    "CON",
    "a:b*c?",
    "王小明",
    "\u202Egpj.exe",
    "x".repeat(200),
    ".",
  ]) {
    it(`is safe on every file system: ${JSON.stringify(label.slice(0, 20))}`, () => {
      for (const secondIdentifier of [null, label]) {
        const said = fileName({ ...photo, bodySite: label }, { ...own, label, secondIdentifier });

        assert.match(said, /^[A-Za-z0-9][A-Za-z0-9_-]*\.jpg$/);
        assert.ok(said.length <= 140, said);
        assert.doesNotMatch(said, /^(con|prn|aux|nul|com\d|lpt\d)\./i);
      }
    });
  }
});
