/** What the server sends every page in `<meta name="cp-config">`: public facts, the same for all users. */

/**
 * @typedef {object} Config
 * @property {"local" | "clerk"} identity which provider signs users in
 * @property {string | null} clerkPublishableKey
 * @property {boolean} production whether users open https addresses
 * @property {string} phoneUrl the address in the QR code
 * @property {string | null} trustUrl where a phone first learns to trust this computer, with LAN=1
 */

/**
 * @param {Pick<Document, "querySelector">} [page]
 * @returns {Config}
 * @throws {Error} when the page was not rendered by the server
 */
export function readConfig(page = document) {
  const content = page.querySelector('meta[name="cp-config"]')?.getAttribute("content");
  if (!content) throw new Error("cp-config is missing from the page");
  return JSON.parse(content);
}
