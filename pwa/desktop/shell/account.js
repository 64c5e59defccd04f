/** The account corner: who is signed in, the way out, and the way to another password. */
import { desktop as words } from "../../page/words/desktop.js";
import { find } from "../../page/dom.js";

/**
 * @param {HTMLElement} root @param {import("../../shared/api-types.js").Me["user"]} user @param {() => void} signOut
 * @param {string | null} passwordUrl null where passwords are kept elsewhere
 */
export function showAccount(root, user, signOut, passwordUrl) {
  find(root, ".account-name", HTMLElement).textContent = user.name ?? "";
  find(root, "button", HTMLButtonElement).onclick = signOut;
  const link = find(root, "a", HTMLAnchorElement);
  link.hidden = !passwordUrl;
  link.href = passwordUrl ?? "";
  link.textContent = words.changePassword;
  root.hidden = false;
}
