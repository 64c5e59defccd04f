/**
 * The requests that carry a photo: presign, PUT, complete, delete. Each answers with what it means,
 * never with a guess; an answer that is not in our own form is no answer (a captive portal says 200).
 */

import { INVENTORY_PATH } from "../inventory.js";
import { within } from "../../shared/clock.js";
import { ApiProblem, NotReached, createApi, retryAfterMs } from "../../shared/http.js";
import { classify, failure } from "../errors.js";
import { MOST_BYTES, isPlaced } from "../photo-record.js";
import { putReason } from "./put-answer.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { PhotoRecord } from "../photo-record.js" */
/** @import { PresignAnswer, PresignResult, Receipt, Upload } from "../../shared/api-types.js" */
/** @import { Failed, PutOutcome, Signed } from "./state.js" */

/**
 * @typedef {object} Credentials
 * @property {(options: {fresh: boolean}) => Promise<string | null>} token of an open page; null
 *   leaves it to the upload cookie
 */

const PUT_MS = 15_000;
/** The slowest link that is still worth waiting for, in bytes per millisecond. */
const PUT_BYTES_PER_MS = 4;

/** What the phone calls it where no answer of ours came. */
const SILENT = Object.freeze({
  network: "no-answer",
  timeout: "timed-out",
  portal: "not-ours",
  "too-large": "size-refused",
});

const SILENCE = Object.freeze({ status: 0, retryAfterMs: null });

export class Uploader {
  #fetch;
  #clock;
  #request;

  /** @param {{fetch: typeof globalThis.fetch, clock: Clock, credentials: Credentials}} parts */
  constructor({ fetch, clock, credentials }) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.#request = createApi({ fetch, clock, getToken: credentials.token }).request;
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
    const results = /** @type {PresignAnswer | null} */ (answer.data)?.results;
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
      const outcome = { status: response.status, retryAfterMs: retryAfterMs(response) };
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
   * @returns {Promise<{ok: true, data: unknown} | Failed>}
   */
  async #api(method, path, body, signal) {
    try {
      const { data } = await this.#request(method, path, body, { signal });
      return data === null ? notOurs() : { ok: true, data };
    } catch (error) {
      return { ok: false, failure: failureOf(error) };
    }
  }
}

/** @param {unknown} error of a request */
function failureOf(error) {
  if (error instanceof NotReached) return failure(SILENT[error.reason]);
  if (!(error instanceof ApiProblem)) return failure("no-answer");
  if (error.freshToken) return failure("sign-in-refused");
  return classify(error.status, error.code, error.retryAfterMs);
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
 * @param {PresignResult} item
 * @returns {Signed}
 */
function signedOf(item) {
  const { upload, receipt, problem } = item ?? {};
  if (typeof upload?.url === "string") return { upload };
  if (isReceipt(receipt)) return { receipt };
  if (typeof problem?.status !== "number") return { failure: failure("not-ours") };
  return { failure: classify(problem.status, problem.code ?? null) };
}

/**
 * @param {unknown} data
 * @returns {{ok: true, receipt: Receipt} | Failed}
 */
function receiptOf(data) {
  return isReceipt(data) ? { ok: true, receipt: data } : notOurs();
}

/** @type {(data: any) => data is Receipt} whatever came */
const isReceipt = (data) => typeof data?.photoId === "string" && typeof data.sha256 === "string";

/** @returns {Failed} */
const notOurs = () => ({ ok: false, failure: failure("not-ours") });
