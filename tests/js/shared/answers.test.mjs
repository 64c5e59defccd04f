/**
 * Whose answer it is and what it says, through both users of the one client: the page and the queue's
 * uploader must never take two views of the same answer.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Uploader } from "../../../pwa/queue/replay/uploader.js";
import { createApi } from "../../../pwa/shared/http.js";

const RECEIPT = { photoId: "p", sha256: "a".repeat(64) };
const NOW = Date.UTC(2026, 10, 22, 12);
const utc = (ms) => new Date(NOW + ms).toUTCString();

const marked = (mark, status, body, headers = {}) =>
  new Response(body, { status, headers: { ...(mark && { "X-CP-Server": mark }), ...headers } });
const receipt = (mark) => marked(mark, 200, JSON.stringify(RECEIPT));
const busy = (headers, mark = "capture/1") =>
  marked(mark, 503, JSON.stringify({ code: "unavailable", detail: "" }), headers);

/** What each user calls an answer, in one language. */
const page = async (answer, makeApi = createApi) => {
  const api = makeApi({ fetch: async () => answer });
  return api.request("POST", "/api/uploads/p/complete", {}).then(
    () => "ours",
    ({ name, reason, code, retryAfterMs }) =>
      name === "NotReached" ? reason : `${code} ${retryAfterMs}`,
  );
};
const REASONS = { "not-ours": "portal", "size-refused": "too-large" };
const uploader = async (answer) => {
  const clock = { now: () => 0, after: () => () => {} };
  const credentials = { token: async () => null };
  const up = new Uploader({ fetch: async () => answer, clock, credentials });
  const { ok, failure } = await up.complete({ photoId: "p" });
  return ok ? "ours" : (REASONS[failure.reason] ?? `${failure.reason} ${failure.retryAfterMs}`);
};

/** @type {[string, () => Response, string][]} */
const ANSWERS = [
  ["a server of this version", () => receipt("capture/1"), "ours"],
  ["a server of the next version", () => receipt("capture/2"), "ours"],
  ["a server of a much later version", () => receipt("capture/10.3"), "ours"],
  ["a problem of the next version", () => busy({}, "capture/2"), "unavailable null"],
  ["our words without the mark", () => receipt(""), "portal"],
  ["another product's mark", () => receipt("other/1"), "portal"],
  ["a mark that only begins alike", () => receipt("captured"), "portal"],
  ["a portal's page", () => marked("", 200, "<html>"), "portal"],
  ["a portal's refusal", () => marked("", 401, "<html>"), "portal"],
  ["a portal's way out", () => marked("", 511, "<html>"), "portal"],
  ["a page under our mark", () => marked("capture/1", 200, "<html>"), "portal"],
  ["a proxy's limit", () => marked("", 413, "<html>"), "too-large"],
  ["a wait in seconds", () => busy({ "Retry-After": "7" }), "unavailable 7000"],
  [
    "a wait until a date, by the server's own clock",
    () => busy({ "Retry-After": utc(30_000), Date: utc(0) }),
    "unavailable 30000",
  ],
  [
    "a date that is over",
    () => busy({ "Retry-After": utc(-30_000), Date: utc(0) }),
    "unavailable 0",
  ],
  ["a date without a clock", () => busy({ "Retry-After": utc(30_000) }), "unavailable null"],
  ["a wait in words", () => busy({ "Retry-After": "soon", Date: utc(0) }), "unavailable null"],
];

/** The answers that a user takes for something else than they are. */
async function mistaken(user) {
  const taken = await Promise.all(ANSWERS.map(async ([, answer]) => user(answer())));
  return ANSWERS.flatMap(([what, , expected], i) =>
    taken[i] === expected ? [] : [`${what}: ${taken[i]}`],
  );
}

describe("one answer for page and uploader", () => {
  it("is taken for the same by both", async () => {
    assert.deepEqual(await mistaken(page), []);
    assert.deepEqual(await mistaken(uploader), []);
  });

  it("would not pass for a client that knows this version alone", async () => {
    const strict = (answer) =>
      page(answer.headers.get("X-CP-Server") === "capture/1" ? answer : marked("", 200, ""));

    const next = "a server of the next version: portal";
    assert.ok((await mistaken(strict)).includes(next));
  });

  it("would not pass for a client that takes any answer for ours", async () => {
    const credulous = (answer) => {
      answer.headers.set("X-CP-Server", "capture/1");
      return page(answer);
    };

    assert.ok((await mistaken(credulous)).includes("our words without the mark: ours"));
  });
});
