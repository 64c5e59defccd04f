/** Where a page may lead after the sign-in: our own pages, and nothing that only looks like them. */

const OWN_PAGE = /^\/(mobile|desktop)(\?[\w=&-]{0,200})?(#[\w=&-]{0,200})?$/;

/**
 * @param {string | null | undefined} path from the address bar, not to be trusted
 * @returns {string} the path when it is one of our pages, else the start page
 */
export function safeBack(path) {
  return path && OWN_PAGE.test(path) ? path : "/";
}

/** @param {string} backTo @returns {string} the sign-in page, which leads back there */
export function signInUrl(backTo) {
  return `/sign-in?back=${encodeURIComponent(safeBack(backTo))}`;
}

/** @param {string} backTo @returns {string} the form for a new password, which leads back there */
export function passwordUrl(backTo) {
  return `${signInUrl(backTo)}&change=1`;
}
