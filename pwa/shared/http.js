/**
 * Requests to our own server, from a page or the worker: one time limit for the whole answer, one
 * kind of error for each kind of trouble. An answer counts as the server's only when it carries the
 * server's own mark, because a captive portal answers as well.
 */

import { realClock, within } from "./clock.js";

/** @import { Clock } from "./clock.js" */

/**
 * @template [Data=unknown]
 * @typedef {object} ApiAnswer
 * @property {number} status 200 to 299, or 304
 * @property {Data} data decoded JSON, null when there is none
 * @property {string | null} etag
 */

/**
 * @typedef {object} Options
 * @property {AbortSignal} [signal] ends the wait with the signal's own reason
 * @property {number} [timeoutMs]
 * @property {string | null} [etag] asks "only if it is not this one"
 */

/** @typedef {ReturnType<typeof createApi>} Api */

/** A version follows: the server of the next one is ours as well. */
const MARK = "capture/";
const TIMEOUT_MS = 10_000;

/** The server's own answer that something is not possible. */
export class ApiProblem extends Error {
  name = "ApiProblem";
  /** Whether a token was refused that had just been renewed. */
  freshToken = false;

  /**
   * @param {{code: string, status: number, detail: string, field?: string}} problem code: empty where it cannot be read
   * @param {number | null} [retryAfterMs] what the server asked for
   */
  constructor({ code, status, detail, field = "" }, retryAfterMs = null) {
    super(detail);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.field = field;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer of ours: no link, something in between, or too slow. What was asked may still have happened. */
export class NotReached extends Error {
  name = "NotReached";

  /**
   * @param {"network" | "timeout" | "portal" | "too-large"} reason too-large: what is in between
   *   refuses the size, whatever page it answers with
   * @param {unknown} [cause]
   */
  constructor(reason, cause) {
    super(`The server was not reached (${reason}).`, { cause });
    this.reason = reason;
  }
}

/**
 * @param {{getToken?: (options: {fresh: boolean}) => Promise<string | null>, fetch: typeof fetch,
 *   clock?: Clock, onTime?: (serverMs: number, tookMs: number) => void}} parts
 *   without a token requests carry cookies only; `onTime` receives the time of each answer
 */
export function createApi({
  getToken = async () => null,
  fetch: send,
  clock = realClock,
  onTime = () => {},
}) {
  /**
   * A 401 to a token that may have just run out is asked once more with a fresh one: the first
   * request changed nothing.
   * @template [Data=unknown] what this route answers
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   * @returns {Promise<ApiAnswer<Data>>}
   * @throws {ApiProblem | NotReached} or what `getToken` throws
   */
  async function request(method, path, body, options = {}) {
    const token = await getToken({ fresh: false });
    try {
      return await attempt(method, path, body, options, token);
    } catch (error) {
      const renewed = token && isUnauthenticated(error) && (await getToken({ fresh: true }));
      if (!renewed) throw error;
      return attempt(method, path, body, options, renewed).catch(freshTokenRefused);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {Options} options
   * @param {string | null} token
   * @returns {Promise<ApiAnswer<any>>} whatever was asked for
   */
  function attempt(method, path, body, { signal, timeoutMs = TIMEOUT_MS, etag }, token) {
    const init = requestInit(method, body, token, etag);
    return within(clock, timeoutMs, signal, async (limit) => {
      try {
        const began = clock.now();
        const response = await send(path, { ...init, signal: limit });
        if (isOurs(response)) onTime(dateOf(response), clock.now() - began);
        return await readAnswer(response);
      } catch (error) {
        if (error instanceof ApiProblem || error instanceof NotReached) throw error;
        signal?.throwIfAborted();
        throw new NotReached(limit.aborted ? "timeout" : "network", error);
      }
    });
  }

  return { request };
}

/**
 * @param {string} method
 * @param {unknown} body
 * @param {string | null} token
 * @param {string | null} [etag]
 * @returns {RequestInit}
 */
function requestInit(method, body, token, etag) {
  /** @type {Record<string, string>} */
  const headers = { "X-CP-Client": "1" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (etag) headers["If-None-Match"] = etag;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    // Our API never redirects; a captive portal does.
    redirect: "error",
    credentials: "same-origin",
    cache: "no-store",
  };
}

/** @param {Response} response */
const isOurs = ({ headers }) => headers.get("X-CP-Server")?.startsWith(MARK) ?? false;

/** @param {Response} response @returns {number} ms by the clock of who answered; NaN where it says none */
const dateOf = ({ headers }) => Date.parse(headers.get("Date") ?? "");

/**
 * @param {Response} response
 * @returns {Promise<ApiAnswer<any>>} whatever was asked for
 */
async function readAnswer(response) {
  const { status, headers } = response;
  if (!isOurs(response)) throw new NotReached(status === 413 ? "too-large" : "portal");
  const etag = headers.get("ETag");
  if (status === 304) return { status, data: null, etag };
  const text = await response.text();
  const data = text ? jsonOf(text) : null;
  if (!response.ok) throw problemOf(data, response);
  if (data === undefined) throw new NotReached("portal");
  return { status, data, etag };
}

/** @param {string} text @returns {any} undefined where it is none */
function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {any} data
 * @param {Response} response
 */
function problemOf(data, response) {
  const { status } = response;
  // The status alone is still enough to act on.
  const { code, detail, field } = typeof data?.code === "string" ? data : { code: "", detail: "" };
  return new ApiProblem({ code, status, detail, field }, retryAfterMs(response));
}

/**
 * @param {Response} response
 * @returns {number | null} what it asks to wait, in seconds or as a date, which counts by the clock of who wrote it
 */
export function retryAfterMs(response) {
  const header = response.headers.get("Retry-After") ?? "";
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - dateOf(response);
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** @param {unknown} error @returns {error is ApiProblem} */
const isUnauthenticated = (error) =>
  error instanceof ApiProblem && error.code === "unauthenticated";

/** @param {unknown} error @returns {never} */
function freshTokenRefused(error) {
  if (isUnauthenticated(error)) error.freshToken = true;
  throw error;
}
