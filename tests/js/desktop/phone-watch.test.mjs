import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linesOf } from "../../../pwa/desktop/shell/phone-watch.js";

const NOW = "2026-11-20T12:00:00Z"; // a Friday

const photo = (change = {}) => ({
  photoId: "0198b1c2-0000-7000-8000-000000000001",
  state: "waiting",
  capturedAt: "2026-11-17T11:00:00Z",
  waitingHours: 30,
  heardAt: "2026-11-20T11:55:00Z",
  ...change,
});
const lines = (...photos) => linesOf({ photos, serverTime: NOW });

describe("the lines about photos that are not here", () => {
  it("are absent on a good day", () => {
    assert.deepEqual(lines(), []);
  });

  it("count what never arrived and say when the phone last reported, what is safe and what to do", () => {
    const [line, ...rest] = lines(photo({ state: "missing" }), photo({ state: "missing" }));

    assert.deepEqual(rest, []);
    assert.equal(line.kind, "warn");
    assert.match(line.text, /^2 photos announced from a phone never arrived\./);
    assert.match(line.text, /last heard 5 minutes ago/);
    assert.match(line.text, /safe/);
    assert.match(line.text, /Take them again/);
  });

  it("name the day of what is still on a phone", () => {
    const [line] = lines(photo(), photo());

    assert.deepEqual(
      [line.kind, line.text],
      ["warn", "2 photos taken on Tuesday are still on a phone. Open the app there."],
    );
  });

  it("name the oldest day where there are several, and a date where it is long ago", () => {
    const [line] = lines(photo({ capturedAt: "2026-11-18T11:00:00Z" }), photo());
    const [old] = lines(photo({ capturedAt: "2026-11-02T11:00:00Z", waitingHours: 400 }));

    assert.match(line.text, /^2 photos, the oldest of Tuesday, are still on a phone\./);
    assert.match(old.text, /^1 photo taken on 2 November is still on a phone/);
  });

  it("become urgent after three days, not before", () => {
    assert.equal(lines(photo({ waitingHours: 71 }))[0].kind, "warn");
    const [line] = lines(photo({ waitingHours: 72 }), photo());

    assert.equal(line.kind, "danger");
    assert.match(line.text, /not stored yet\. Open the app there today/);
  });

  it("dismiss exactly what they show", () => {
    const [missing, waiting] = lines(
      photo({ photoId: "w" }),
      photo({ photoId: "m", state: "missing" }),
    );

    assert.deepEqual([missing.photoIds, waiting.photoIds], [["m"], ["w"]]);
  });

  it("say an age in the largest whole unit", () => {
    const ages = ["11:59:50", "11:59:00", "10:00:00", "03:00:00"].map((time) =>
      lines(photo({ state: "missing", heardAt: `2026-11-20T${time}Z` }))[0].text.match(
        /last heard ([^,]*),/,
      ),
    );

    assert.deepEqual(
      ages.map(([, age]) => age),
      ["just now", "1 minute ago", "2 hours ago", "9 hours ago"],
    );
  });
});
