/** The account corner: who is signed in, the way out, and a word about the first password. */
import { find } from "./dom.js";

/** @param {HTMLElement} root @param {import("./shapes.js").Me["user"]} user @param {() => void} signOut */
export function showAccount(root, user, signOut) {
  find(root, ".account-name", HTMLElement).textContent = user.name ?? "";
  find(root, "button", HTMLButtonElement).onclick = signOut;
  find(root, "a", HTMLElement).hidden = !user.suggestPasswordChange;
  root.hidden = false;
}
