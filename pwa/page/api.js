/**
 * Asks the server's API: one time limit for the whole answer, one kind of error for each kind of
 * trouble. An answer counts as the server's only when it carries the server's own mark, because a
 * captive portal answers as well.
 */

/**
 * @typedef {object} ApiAnswer
 * @property {number} status 200 to 299, or 304
 * @property {any} data decoded JSON, null when there is none
 * @property {string | null} etag
 */

/**
 * @typedef {object} Options
 * @property {AbortSignal} [signal] ends the wait with the signal's own reason
 * @property {number} [timeoutMs]
 * @property {string | null} [etag] asks "only if it is not this one"
 */

const MARK = "capture/1";
const TIMEOUT_MS = 10_000;

/** The server's own answer that something is not possible. */
export class ApiProblem extends Error {
  name = "ApiProblem";

  /** @param {{code: string, status: number, detail: string, field?: string}} problem @param {number | null} [retryAfter] s */
  constructor({ code, status, detail, field = "" }, retryAfter = null) {
    super(detail);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.field = field;
    this.retryAfter = retryAfter;
  }
}

/** No answer of ours: no link, a captive portal, or too slow. What was asked may still have happened. */
export class NotReached extends Error {
  name = "NotReached";

  /** @param {"network" | "timeout" | "portal"} reason @param {unknown} [cause] */
  constructor(reason, cause) {
    super(`The server was not reached (${reason}).`, { cause });
    this.reason = reason;
  }
}

/**
 * @param {{getToken?: ((options: {fresh?: boolean}) => Promise<string>) | null, fetch: typeof fetch,
 *   onTime?: (serverMs: number, tookMs: number) => void}} parts
 *   without `getToken` requests carry cookies only; `onTime` receives the time of each answer
 */
export function createApi({ getToken = null, fetch: send, onTime = () => {} }) {
  /**
   * A 401 to a token that may have just run out is asked once more with a fresh one: the first
   * request changed nothing.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   * @returns {Promise<ApiAnswer>}
   * @throws {ApiProblem | NotReached} or what `getToken` throws
   */
  async function request(method, path, body, options = {}) {
    try {
      return await attempt(method, path, body, options, false);
    } catch (error) {
      const expired = error instanceof ApiProblem && error.code === "unauthenticated";
      if (!expired || !getToken) throw error;
      return attempt(method, path, body, options, true);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {Options} options
   * @param {boolean} fresh
   */
  async function attempt(method, path, body, { signal, timeoutMs = TIMEOUT_MS, etag }, fresh) {
    const token = getToken ? await getToken({ fresh }) : null;
    const init = requestInit(method, body, token, etag);
    const limit = startLimit(timeoutMs, signal);
    try {
      const began = performance.now();
      const response = await send(path, { ...init, signal: limit.signal });
      if (isOurs(response)) onTime(timeOf(response), performance.now() - began);
      return await readAnswer(response);
    } catch (error) {
      if (error instanceof ApiProblem || error instanceof NotReached) throw error;
      signal?.throwIfAborted();
      throw new NotReached(limit.signal.aborted ? "timeout" : "network", error);
    } finally {
      limit.stop();
    }
  }

  return { request };
}

/**
 * Ends the request after a time, or with a signal given to it (`AbortSignal.any` is missing in
 * phones of 2023).
 * @param {number} timeoutMs
 * @param {AbortSignal} [outer]
 */
function startLimit(timeoutMs, outer) {
  const controller = new AbortController();
  const end = () => controller.abort();
  const timer = setTimeout(end, timeoutMs);
  outer?.addEventListener("abort", end);
  if (outer?.aborted) end();
  const stop = () => {
    clearTimeout(timer);
    outer?.removeEventListener("abort", end);
  };
  return { signal: controller.signal, stop };
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
const isOurs = (response) => response.headers.get("X-CP-Server") === MARK;

/** @param {Response} response @returns {number} ms; NaN where it says none */
const timeOf = (response) => Date.parse(response.headers.get("Date") ?? "");

/**
 * @param {Response} response
 * @returns {Promise<ApiAnswer>}
 */
async function readAnswer(response) {
  if (!isOurs(response)) throw new NotReached("portal");
  const { status } = response;
  const etag = response.headers.get("ETag");
  if (status === 304) return { status, data: null, etag };
  const text = await response.text();
  if (!response.ok) throw problemOf(text, response);
  return { status, data: text ? JSON.parse(text) : null, etag };
}

/**
 * @param {string} text
 * @param {Response} response
 */
function problemOf(text, { status, headers }) {
  const retryAfter = secondsToWait(
    headers.get("Retry-After"),
    Date.parse(headers.get("Date") ?? ""),
  );
  try {
    const { code, detail, field } = JSON.parse(text);
    if (typeof code === "string")
      return new ApiProblem({ code, status, detail, field }, retryAfter);
  } catch {
    // The status alone is still enough to act on.
  }
  return new ApiProblem({ code: "internal", status, detail: "" }, retryAfter);
}

/**
 * @param {string | null} header seconds or a date
 * @param {number} now by the clock of the server that wrote the header
 * @returns {number | null}
 */
function secondsToWait(header, now) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : (Date.parse(header) - (now || Date.now())) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
