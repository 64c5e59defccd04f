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
  const { status } = response;
  const isPage = /^text\/html/i.test(response.headers.get("Content-Type") ?? "");
  if (response.ok) return isPage ? "not-ours" : null;
  const text = isPage ? "" : (await response.text().catch(() => "")).slice(0, MOST_CHARS);
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? "";
  const known = CODES[code] ?? (status === 413 || !isPage ? STATUSES[status] : undefined);
  if (known) return known;
  if (isPage) return status < 500 ? "blocked" : "not-ours";
  return status < 500 ? "store-4xx" : null;
}
