/**
 * What an address is: each page has one, and every other spelling of it leads there. The server says
 * the same in app/web/site/addresses.py, so that a phone without a network goes where one with it does.
 */

const PAGES = new Set(["/mobile", "/desktop", "/sign-in", "/trust"]);

/** The server leads `/` to the phone's page on these. */
const PHONE = /Mobi|Android|iPhone|iPad|iPod/i;

/**
 * @param {string} pathname
 * @returns {string | null} the page that it means, whatever its slashes and capitals
 */
export function pageOf(pathname) {
  const name = `/${pathname.replace(/^\/+|\/+$/g, "").toLowerCase()}`;
  return PAGES.has(name) ? name : null;
}

/** @param {string} userAgent */
export const isPhone = (userAgent) => PHONE.test(userAgent);
