/**
 * Keeps the cookie alive with which the worker may send photos when no page is open: asked for after
 * each sign-in, whenever the page comes to the front, and every half hour while it is visible.
 */

const EVERY_MS = 30 * 60_000;

/**
 * @param {Pick<import("./session.js").Session, "user" | "onChange">} session loaded
 * @param {import("../../shared/http.js").Api} api
 * @param {Pick<Document, "hidden" | "addEventListener">} [page]
 * @returns {() => void} stops
 */
export function keepUploadSession(session, api, page = document) {
  const stop = new AbortController();
  const renew = () => {
    // Out of reach or signed out: the page shows that elsewhere, and the next occasion tries again.
    if (session.user() && !page.hidden)
      void api.request("POST", "/api/upload-session").catch(() => {});
  };
  const timer = setInterval(renew, EVERY_MS);
  const quiet = session.onChange(renew);
  page.addEventListener("visibilitychange", renew, { signal: stop.signal });
  renew();
  return () => {
    clearInterval(timer);
    quiet();
    stop.abort();
  };
}
