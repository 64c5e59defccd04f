/**
 * The pages' policy lets no text become a script or its address by itself (Trusted Types). What a page
 * does load by hand stands here, and nothing else passes.
 */

const OURS = new Set(["/service_worker/sw.js"]);

/** @type {{createScriptURL: (url: string) => any} | undefined} */
let policy;

/**
 * @param {string} url
 * @returns {string} in the form that the browser takes for the address of a script
 * @throws {TypeError} for an address that is not ours
 */
export function trustedScript(url) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  policy ??= trustedTypes?.createPolicy("capture", { createScriptURL: checked });
  return policy ? policy.createScriptURL(url) : checked(url);
}

/** @param {string} url */
function checked(url) {
  if (!OURS.has(url)) throw new TypeError("not one of our scripts");
  return url;
}
