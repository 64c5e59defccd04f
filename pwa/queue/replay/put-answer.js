/**
 * What an answer to a PUT says beyond its status, as far as the browser lets it be read: the store's
 * own code, or the page of something in between.
 */

const MOST_CHARS = 4_000;

/** @type {Readonly<Record<string, string>>} the store's codes */
const CODES = Object.freeze({
  RequestTimeTooSkewed: "store-clock",
  EntityTooLarge: "size-refused",
  MaxMessageLengthExceeded: "size-refused",
  InsufficientStorage: "storage-full",
  XMinioStorageFull: "storage-full",
  QuotaExceeded: "storage-full",
});

/** @type {Readonly<Record<number, string>>} */
const STATUSES = Object.freeze({
  400: "store-400",
  403: "store-403",
  413: "size-refused",
  507: "storage-full",
  511: "not-ours",
});

/**
 * @param {Response} response
 * @returns {Promise<string | null>} a code of the phone's own; null where there is nothing to add
 */
export async function putReason(response) {
  const { ok, status } = response;
  const isPage = /^text\/html/i.test(response.headers.get("Content-Type") ?? "");
  if (ok) return isPage ? "not-ours" : null;
  if (isPage) return pageReason(status);
  return CODES[await codeOf(response)] ?? STATUSES[status] ?? (status < 500 ? "store-4xx" : null);
}

/** What stands in between answers with a page; 413 is a proxy's limit. @param {number} status */
function pageReason(status) {
  if (status === 413) return "size-refused";
  return status < 500 ? "blocked" : "not-ours";
}

/** The store's own code; empty without one. @param {Response} response */
async function codeOf(response) {
  const text = (await response.text().catch(() => "")).slice(0, MOST_CHARS);
  return /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? "";
}
