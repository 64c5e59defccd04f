/**
 * Replaces the suite's IndexedDB in memory: the browser's own is used, and the one thing that only
 * the other could do is asked of the driver of this browser.
 */

/** Every connection of this origin is ended from outside, and is gone when this returns. */
export function forceCloseDatabase() {
  const asking = new XMLHttpRequest();
  asking.open("POST", "/lose-connections", false);
  asking.send();
  if (asking.status !== 204) throw new Error("the connections could not be ended");
}
