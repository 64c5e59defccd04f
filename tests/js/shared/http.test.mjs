/** What counts as an answer, how long it may take, and which error names which trouble. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";

import { ApiProblem, NotReached, createApi } from "../../../pwa/shared/http.js";
import { SignedOut } from "../../../pwa/page/session/user-state.js";

const OURS = { "X-CP-Server": "capture/1", "Content-Type": "application/json" };

describe("asking the API", () => {
  /** @type {import("node:http").Server} */
  let server;
  let origin = "";
  /** @type {import("node:http").IncomingMessage[]} */
  let asked;
  let bodies;
  /** @type {(request: any, response: import("node:http").ServerResponse) => void} */
  let answer;
  let tokens;

  before(async () => {
    server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      asked.push(request);
      bodies.push(Buffer.concat(chunks).toString());
      answer(request, response);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
    origin = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    [asked, bodies, tokens] = [[], [], []];
    answer = (_, response) => response.writeHead(200, OURS).end('{"fine":true}');
  });

  const getToken = async ({ fresh = false } = {}) => {
    tokens.push(fresh);
    return `token-${tokens.length}`;
  };
  const send = (path, init) => fetch(origin + path, init);
  const api = (parts = {}) => createApi({ getToken, fetch: send, ...parts });

  const problem = (status, fields, headers = {}) => {
    const body = JSON.stringify({
      type: "about:blank",
      title: "",
      status,
      detail: "Said so.",
      ...fields,
    });
    answer = (_, response) => response.writeHead(status, { ...OURS, ...headers }).end(body);
  };

  it("sends token, client mark and JSON, and decodes the answer", async () => {
    answer = (_, response) => response.writeHead(201, { ...OURS, ETag: '"7"' }).end('{"id":1}');

    const got = await api().request("POST", "/api/consultations", { label: "Room 2" });

    assert.deepEqual(got, { status: 201, data: { id: 1 }, etag: '"7"' });
    const { headers } = asked[0];
    assert.equal(headers.authorization, "Bearer token-1");
    assert.equal(headers["x-cp-client"], "1");
    assert.equal(headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(bodies[0]), { label: "Room 2" });
  });

  it("sends neither body nor type when there is nothing to send", async () => {
    await api().request("POST", "/api/upload-session");

    assert.equal(asked[0].headers["content-type"], undefined);
    assert.equal(bodies[0], "");
  });

  it("asks with cookies alone when there are no tokens", async () => {
    await api({ getToken: undefined }).request("POST", "/api/session/token");

    assert.equal(asked[0].headers.authorization, undefined);
  });

  it("passes an empty answer on", async () => {
    answer = (_, response) => response.writeHead(204, OURS).end();

    assert.deepEqual(await api().request("DELETE", "/api/session"), {
      status: 204,
      data: null,
      etag: null,
    });
  });

  it("takes 304 for an answer, not for an error", async () => {
    answer = (_, response) => response.writeHead(304, { ...OURS, ETag: '"7"' }).end();

    const got = await api().request("GET", "/api/list", undefined, { etag: '"7"' });

    assert.deepEqual(got, { status: 304, data: null, etag: '"7"' });
    assert.equal(asked[0].headers["if-none-match"], '"7"');
  });

  it("throws the server's own words as a problem", async () => {
    problem(400, { code: "invalid-field", field: "photos[2].size" });

    await assert.rejects(api().request("GET", "/api/me"), (error) => {
      assert.ok(error instanceof ApiProblem);
      const { code, status, detail, field, retryAfterMs, name } = error;
      assert.deepEqual(
        { code, status, detail, field, retryAfterMs, name },
        {
          code: "invalid-field",
          status: 400,
          detail: "Said so.",
          field: "photos[2].size",
          retryAfterMs: null,
          name: "ApiProblem",
        },
      );
      return true;
    });
  });

  it("makes do with a problem that cannot be read", async () => {
    answer = (_, response) => response.writeHead(500, OURS).end("<h1>Oops</h1>");

    const error = await api()
      .request("GET", "/api/me")
      .catch((thrown) => thrown);

    assert.deepEqual([error.name, error.code, error.status], ["ApiProblem", "", 500]);
  });

  it("rejects an answer without the server's mark", async () => {
    for (const status of [200, 204, 304, 401, 404, 500]) {
      answer = (_, response) => response.writeHead(status, { "Content-Type": "text/html" }).end();
      const error = await api()
        .request("GET", "/api/me")
        .catch((thrown) => thrown);
      assert.deepEqual([error.name, error.reason], ["NotReached", "portal"]);
    }
  });

  it("does not follow a portal's redirect", async () => {
    answer = (request, response) =>
      request.url === "/portal"
        ? response.writeHead(200, OURS).end("{}")
        : response.writeHead(302, { Location: "/portal" }).end();

    await assert.rejects(api().request("GET", "/api/me"), NotReached);
    assert.deepEqual(
      asked.map((request) => request.url),
      ["/api/me"],
    );
  });

  it("rejects half an answer", async () => {
    answer = (_, response) => response.writeHead(200, OURS).end('{"photos": [');
    await assert.rejects(api().request("GET", "/api/me"), NotReached);

    answer = (_, response) => {
      response.writeHead(200, { ...OURS, "Content-Length": "100" });
      response.write("{", () => response.destroy());
    };
    await assert.rejects(api().request("GET", "/api/me"), NotReached);
  });

  it("reports no network when no server answered", async () => {
    const refused = () => Promise.reject(new TypeError("fetch failed"));

    const error = await api({ fetch: refused })
      .request("GET", "/api/me")
      .catch((thrown) => thrown);

    assert.deepEqual([error.name, error.reason], ["NotReached", "network"]);
  });

  it("gives up on a server that is silent, and on one that never finishes", async () => {
    for (const silent of [() => {}, (_, response) => response.writeHead(200, OURS).write("{")]) {
      answer = silent;
      const error = await api()
        .request("GET", "/api/me", undefined, { timeoutMs: 60 })
        .catch((thrown) => thrown);
      assert.deepEqual([error.name, error.reason], ["NotReached", "timeout"]);
    }
  });

  it("ends with the reason of the signal that aborted it", async () => {
    const controller = new AbortController();
    answer = () => controller.abort(new Error("page closed"));

    const signal = controller.signal;
    await assert.rejects(api().request("GET", "/api/me", undefined, { signal }), /page closed/);
    await assert.rejects(api().request("GET", "/api/me", undefined, { signal }), /page closed/);
    assert.equal(asked.length, 1);
  });

  it("asks once more with a fresh token when one has run out", async () => {
    answer = ({ headers }, response) =>
      headers.authorization === "Bearer token-2"
        ? response.writeHead(200, OURS).end("{}")
        : response.writeHead(401, OURS).end('{"code":"unauthenticated","detail":""}');

    assert.equal((await api().request("POST", "/api/x", { a: 1 })).status, 200);
    assert.deepEqual(tokens, [false, true]);
    assert.deepEqual(bodies, ['{"a":1}', '{"a":1}']);
  });

  it("does not ask a third time, nor twice for anything else", async () => {
    for (const [code, times] of [
      ["unauthenticated", 2],
      ["wrong-password", 1],
      ["session-pending", 1],
      ["password-change-required", 1],
    ]) {
      asked.length = 0;
      problem(401, { code });
      const error = await api()
        .request("GET", "/api/me")
        .catch((thrown) => thrown);
      assert.deepEqual([error.code, asked.length], [code, times]);
    }
  });

  it("passes on that the user is signed out, without asking", async () => {
    const signedOut = async () => {
      throw new SignedOut();
    };

    await assert.rejects(api({ getToken: signedOut }).request("GET", "/api/me"), SignedOut);
    assert.equal(asked.length, 0);
  });
});
