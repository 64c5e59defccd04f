/**
 * The requests that carry a photo: presign, PUT, complete, delete. Each answers with what it means,
 * never with a guess; an answer that is not in our own form is no answer (a captive portal says 200).
 */

import { INVENTORY_PATH } from "../inventory.js";
import { within } from "../../shared/clock.js";
import { classify, failure } from "../errors.js";
import { MOST_BYTES, isPlaced } from "../photo-record.js";
import { putReason } from "./put-answer.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { PhotoRecord } from "../photo-record.js" */
/** @import { Failed, PutOutcome, Receipt, Signed, Upload } from "./state.js" */

/**
 * @typedef {object} Credentials
 * @property {(options: {fresh: boolean}) => Promise<string | null>} token of an open page; null
 *   leaves it to the upload cookie
 */

/** @typedef {{ok: true, status: number, data: any} | Failed} Answer */

const API_MS = 10_000;
const PUT_MS = 15_000;
/** The slowest link that is still worth waiting for, in bytes per millisecond. */
const PUT_BYTES_PER_MS = 4;

const SILENCE = Object.freeze({ status: 0, retryAfterMs: null });

export class Uploader {
  #fetch;
  #clock;
  #credentials;

  /** @param {{fetch: typeof globalThis.fetch, clock: Clock, credentials: Credentials}} parts */
  constructor({ fetch, clock, credentials }) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.#credentials = credentials;
  }

  /**
   * @param {PhotoRecord[]} records at most 20
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ok: true, results: Signed[]} | Failed>} in the order asked
   */
  async presign(records, signal) {
    // An older version of this page saved photos too large for any server: the others go without them.
    const asked = records.filter(({ size }) => size <= MOST_BYTES);
    const results = asked.length > 0 ? await this.#sign(asked, signal) : [];
    if ("ok" in results) return results;
    const tooLarge = { failure: classify(413, "too-large") };
    const all = records.map((record) => (asked.includes(record) ? results.shift() : tooLarge));
    return { ok: true, results: /** @type {Signed[]} */ (all) };
  }

  /**
   * @param {PhotoRecord[]} records
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Signed[] | Failed>}
   */
  async #sign(records, signal) {
    const body = { photos: records.map(declarationOf) };
    const answer = await this.#api("POST", "/api/uploads/presign", body, signal);
    if (!answer.ok) return answer;
    const results = answer.data?.results;
    const whole = Array.isArray(results) && results.length === records.length;
    return whole ? results.map(signedOf) : notOurs();
  }

  /**
   * @param {Upload} upload
   * @param {PhotoRecord} record
   * @param {ArrayBuffer} bytes
   * @param {AbortSignal} [signal]
   * @returns {Promise<PutOutcome>} status 0: no answer
   */
  async put(upload, record, bytes, signal) {
    const began = this.#clock.now();
    const limit = PUT_MS + record.size / PUT_BYTES_PER_MS;
    const send = async (/** @type {AbortSignal} */ limited) => {
      const response = await this.#fetch(upload.url, {
        method: upload.method,
        headers: upload.headers,
        // A Blob made now from bytes just read: what Safari reads back from a stored File is empty.
        body: new Blob([bytes], { type: record.contentType }),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        redirect: "error",
        signal: limited,
      });
      const reason = await putReason(response);
      const outcome = { status: response.status, retryAfterMs: retryAfter(response) };
      return reason === null ? outcome : { ...outcome, reason };
    };
    const answer = await within(this.#clock, limit, signal, send).catch(() => SILENCE);
    return { ...answer, ms: this.#clock.now() - began };
  }

  /**
   * @param {PhotoRecord} record
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ok: true, receipt: Receipt} | Failed>}
   */
  async complete(record, signal) {
    const { owner, consultationId, sha256 } = record;
    const path = `/api/uploads/${record.photoId}/complete`;
    const answer = await this.#api("POST", path, { owner, consultationId, sha256 }, signal);
    return answer.ok ? receiptOf(answer.data) : answer;
  }

  /**
   * Names the owner, since a token may be that of the previous user: "not found" would then mean
   * "not yours".
   * @param {Pick<PhotoRecord, "photoId" | "owner">} record
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ok: true, receipt: Receipt | null} | Failed>} no receipt: the server never had it
   */
  async remove({ photoId, owner }, signal) {
    const path = `/api/photos/${photoId}?owner=${encodeURIComponent(owner)}`;
    const answer = await this.#api("DELETE", path, undefined, signal);
    if (answer.ok) return receiptOf(answer.data);
    return answer.failure.reason === "photo-not-found" ? { ok: true, receipt: null } : answer;
  }

  /**
   * @param {import("../inventory.js").DeviceInventory} list
   * @param {AbortSignal} [signal]
   * @returns {Promise<boolean>} whether the server received it
   */
  async sendInventory(list, signal) {
    return (await this.#api("PUT", INVENTORY_PATH, list, signal)).ok;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Answer>}
   */
  async #api(method, path, body, signal) {
    const token = await this.#credentials.token({ fresh: false });
    const answer = await this.#once(method, path, body, token, signal);
    if (answer.ok || token === null || answer.failure.reason !== "unauthenticated") return answer;
    // A token lives a minute: it may have died on the way. A fresh one distinguishes the two cases.
    const renewed = await this.#credentials.token({ fresh: true });
    if (renewed === null) return answer;
    const last = await this.#once(method, path, body, renewed, signal);
    const refused = !last.ok && last.failure.reason === "unauthenticated";
    return refused ? { ok: false, failure: failure("sign-in-refused") } : last;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {string | null} token
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Answer>}
   */
  async #once(method, path, body, token, signal) {
    try {
      return await within(this.#clock, API_MS, signal, async (limited) =>
        answerOf(await this.#fetch(path, request(method, body, token, limited))),
      );
    } catch (error) {
      const late = error instanceof DOMException && error.name === "TimeoutError";
      return { ok: false, failure: failure(late ? "timed-out" : "no-answer") };
    }
  }
}

/**
 * @param {Response} response
 * @returns {boolean} it came from our own server, not from something in between
 */
export function isOurs(response) {
  return (response.headers.get("X-CP-Server") ?? "").startsWith("capture/");
}

/**
 * @param {string} method
 * @param {unknown} body
 * @param {string | null} token
 * @param {AbortSignal} signal
 * @returns {RequestInit}
 */
function request(method, body, token, signal) {
  /** @type {Record<string, string>} */
  const headers = { "X-CP-Client": "1", Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  return {
    ...{ method, headers, signal, credentials: "same-origin", cache: "no-store" },
    redirect: "error",
    body: body === undefined ? undefined : JSON.stringify(body),
  };
}

/**
 * @param {Response} response
 * @returns {Promise<Answer>}
 */
async function answerOf(response) {
  // A proxy's limit, whatever page it answers with.
  if (!isOurs(response) && response.status === 413)
    return { ok: false, failure: failure("size-refused") };
  if (!isOurs(response)) return notOurs();
  const { status } = response;
  const data = await response.json().catch(() => null);
  if (response.ok && data !== null) return { ok: true, status, data };
  if (response.ok) return notOurs();
  const code = typeof data?.code === "string" ? data.code : null;
  return { ok: false, failure: classify(status, code, retryAfter(response)) };
}

/** @param {PhotoRecord} record */
function declarationOf(record) {
  const { photoId, consultationId, owner, contentType, size, sha256 } = record;
  const { width, height, capturedAt, deviceCapturedAt } = record;
  const what = { photoId, consultationId, owner, contentType, size, sha256 };
  const own = deviceCapturedAt ? { deviceCapturedAt } : {};
  const answered = isPlaced(record) ? { placeConfirmed: true } : {};
  return { ...what, width, height, capturedAt, ...own, ...answered };
}

/**
 * @param {any} item
 * @returns {Signed}
 */
function signedOf(item) {
  if (typeof item?.upload?.url === "string") return { upload: item.upload };
  if (isReceipt(item?.receipt)) return { receipt: item.receipt };
  if (typeof item?.problem?.status !== "number") return { failure: failure("not-ours") };
  return { failure: classify(item.problem.status, item.problem.code ?? null) };
}

/**
 * @param {any} data
 * @returns {{ok: true, receipt: Receipt} | Failed}
 */
function receiptOf(data) {
  return isReceipt(data) ? { ok: true, receipt: data } : notOurs();
}

/** @param {any} data */
const isReceipt = (data) => typeof data?.photoId === "string" && typeof data.sha256 === "string";

/** @returns {Failed} */
const notOurs = () => ({ ok: false, failure: failure("not-ours") });

/**
 * @param {Response} response
 * @returns {number | null} ms; the date form is not used by us and would need a clock to trust
 */
function retryAfter(response) {
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
