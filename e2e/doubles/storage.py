"""A phone's storage that runs full when a test decides it, whatever browser and disk are underneath.

A browser's own quota cannot be used for that: how soon a changed one counts, and whether ``estimate()``
is right, differ between versions. So the page's transactions are refused where they meet the platform,
as on a full disk: the write is accepted, the transaction aborts with a
``QuotaExceededError``, and nothing of it is kept.
"""

from playwright.sync_api import Page

# Counts the bytes of photos alone: records are small, and a browser that is full still updates them.
REFUSE = """
(space) => {
  globalThis.storageSpace = { left: space ?? Infinity };
  if (globalThis.storageRefuses) return;
  globalThis.storageRefuses = true;
  const refused = new WeakSet();
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value, ...key) {
    const request = put.call(this, value, ...key);
    if (!(value instanceof ArrayBuffer)) return request;
    storageSpace.left -= value.byteLength;
    if (storageSpace.left < 0) {
      refused.add(this.transaction);
      this.transaction.abort();
    }
    return request;
  };
  const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "error").get;
  Object.defineProperty(IDBTransaction.prototype, "error", {
    get() {
      return refused.has(this)
        ? new DOMException("The current transaction exceeded its quota limitations.", "QuotaExceededError")
        : error.call(this);
    },
  });
}
"""

ESTIMATE = """
(left) => {
  const usage = 900_000;
  navigator.storage.estimate = async () =>
    left === null ? { usage, quota: usage + 10 * 1024 ** 3 } : { usage, quota: usage + left };
}
"""


def limit_storage(page: Page, space: int | None) -> None:
    """Space for so many bytes of further photos on an open page, or as much as there is."""
    page.evaluate(REFUSE, space)


def set_storage_estimate(page: Page, space: int | None) -> None:
    """Set what ``navigator.storage.estimate()`` reports as left on an open page, in bytes; None: plenty."""
    page.evaluate(ESTIMATE, space)
