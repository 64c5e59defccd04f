/** The word that says how new photos get here: "Live", "Reconnecting" or "Polling". */
import { desktop as words } from "../page/words-desktop.js";

/** @typedef {"live" | "reconnecting" | "polling"} Link */

/** @param {HTMLElement} element @param {Link} link */
export function showLink(element, link) {
  if (element.dataset.link === link) return;
  element.dataset.link = link;
  element.textContent = words[link];
  element.title = words.linkHints[link];
}
