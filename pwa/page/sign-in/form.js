/** Small acts on the sign-in page's forms. */

import { find } from "../dom.js";

/**
 * Shows what is wrong, and leads to the field that can be corrected.
 * @param {HTMLElement} form
 * @param {string} sentence
 * @param {HTMLElement} field
 */
export function showError(form, sentence, field) {
  const line = find(form, '[role="alert"]', HTMLElement);
  line.hidden = false;
  line.textContent = sentence;
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
  if (field instanceof HTMLInputElement) field.setAttribute("aria-invalid", "true");
  field.focus();
}

/**
 * Takes no second press while the first is under way, and shows that on the button.
 * @param {HTMLElement} form
 * @param {string} meanwhile
 * @param {() => Promise<void>} work
 */
export async function busy(form, meanwhile, work) {
  const button = find(form, ".button.primary", HTMLButtonElement);
  const before = button.textContent;
  const quiet = find(form, '[role="alert"]', HTMLElement);
  quiet.hidden = true;
  button.disabled = true;
  button.textContent = meanwhile;
  try {
    await work();
  } finally {
    button.disabled = false;
    button.textContent = before;
  }
}

/**
 * Passwords can be looked at while they are typed; the page shows when Caps Lock is on.
 * @param {HTMLFormElement} form
 * @param {{show: string, capsLock: string}} words
 */
export function showSecrets(form, words) {
  for (const box of form.querySelectorAll(".secret")) {
    const input = find(box, "input", HTMLInputElement);
    const toggle = find(box, "button", HTMLButtonElement);
    toggle.setAttribute("aria-label", words.show);
    toggle.addEventListener("click", () => {
      const visible = input.type === "password";
      input.type = visible ? "text" : "password";
      toggle.setAttribute("aria-pressed", String(visible));
    });
  }
  // Hidden again before the form is sent, so that the browser offers to keep a password, not a text.
  form.addEventListener("submit", () => hideAll(form), { capture: true });
  const capsLock = form.querySelector("#caps-lock");
  form.addEventListener("keyup", (event) => {
    if (capsLock) capsLock.textContent = event.getModifierState("CapsLock") ? words.capsLock : "";
  });
}

/** @param {HTMLFormElement} form */
function hideAll(form) {
  for (const box of form.querySelectorAll(".secret")) {
    find(box, "input", HTMLInputElement).type = "password";
    find(box, "button", HTMLButtonElement).setAttribute("aria-pressed", "false");
  }
}
