/** The sign-in page: name and password, a small form for a new password, or the way to the provider. */

import { SessionChannel } from "../../shared/session-channel.js";
import { createApi } from "../../shared/http.js";
import { passwordUrl, safeBack, signInUrl } from "../session/back.js";
import { readConfig } from "../config.js";
import { createSession } from "../session/session.js";
import { find } from "../dom.js";
import { busy, showError, showSecrets } from "./form.js";
import { sentenceFor } from "./trouble.js";
import { signIn as words } from "../words/sign-in.js";

/** @import { AccountUser, SignInAnswer, SignInState } from "../../shared/api-types.js" */
/** @import { ApiAnswer } from "../../shared/http.js" */

const FORGOTTEN_AFTER = 5 * 60_000; // ms

const config = readConfig();
const asked = new URLSearchParams(location.search);
const back = safeBack(asked.get("back"));
const api = createApi({ fetch: (...args) => fetch(...args) });
const channel = new SessionChannel();

void (config.identity === "clerk" ? startHosted() : startLocal());

async function startLocal() {
  const change = asked.has("change");
  // Shown at once: a user who is signed in already leaves before they could type.
  if (!change) startSignIn(back);
  const { user, passwordChangeRequired } = await signInState();
  if (user && passwordChangeRequired) return startFirstChange(user);
  if (change && user) return startChange(user);
  if (change) return startSignIn(passwordUrl(back));
  if (user) location.replace(back);
}

/** Asked without a token: to have none is no error on this page. @returns {Promise<SignInState>} */
async function signInState() {
  try {
    /** @type {ApiAnswer<SignInState>} */
    const { data } = await api.request("GET", "/api/session");
    return data;
  } catch {
    return { user: null, passwordChangeRequired: false };
  }
}

/** @param {string} next */
function startSignIn(next) {
  const form = find(document, "#sign-in", HTMLFormElement);
  const name = find(form, "#name", HTMLInputElement);
  const password = find(form, "#password", HTMLInputElement);
  showSecrets(form, words);
  form.hidden = false;
  (name.value ? password : name).focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!name.value.trim()) return showError(form, words.failed.missingName, name);
    if (!password.value) return showError(form, words.failed.missingPassword, password);
    void busy(form, words.signingIn, async () => {
      try {
        const credentials = { name: name.value, password: password.value };
        /** @type {ApiAnswer<SignInAnswer>} */
        const { data } = await api.request("POST", "/api/session", credentials);
        channel.publish({ type: "signed-in", user: data.user.id });
        if (data.passwordChangeRequired) startFirstChange(data.user, password.value);
        else location.replace(next);
      } catch (error) {
        showError(form, sentenceFor(error, words.failed.wrong), password);
      }
    });
  });
}

/**
 * A generated password opens nothing but this form: the only way round it is another user's sign-in.
 * @param {AccountUser} user
 * @param {string} [typed] the generated password, where it has just been typed
 */
function startFirstChange(user, typed = "") {
  const form = find(document, "#change", HTMLFormElement);
  if (!form.hidden) return;
  const current = find(form, "#current", HTMLInputElement);
  const field = find(form, "#current-field", HTMLElement);
  const leave = find(form, "a", HTMLAnchorElement);
  find(document, "#sign-in", HTMLFormElement).hidden = true;
  find(form, "h1", HTMLElement).textContent = words.firstTitle;
  find(form, "h1 + p", HTMLElement).textContent = words.firstWhy;
  leave.textContent = words.somebodyElse;
  current.value = typed;
  field.hidden = typed !== "";
  // A later user of the open form has not typed it.
  setTimeout(() => {
    current.value = "";
    field.hidden = false;
  }, FORGOTTEN_AFTER);
  startChange(user);
  leave.addEventListener("click", (event) => {
    event.preventDefault();
    void busy(form, words.leaving, () => signOut(form, current));
  });
}

/** @param {HTMLFormElement} form @param {HTMLInputElement} field */
async function signOut(form, field) {
  try {
    await api.request("DELETE", "/api/session");
    channel.publish({ type: "signed-out" });
    location.replace(signInUrl(back));
  } catch (error) {
    showError(form, sentenceFor(error, words.failed.other), field);
  }
}

/** @param {AccountUser} user */
function startChange({ id, name }) {
  const form = find(document, "#change", HTMLFormElement);
  const current = find(form, "#current", HTMLInputElement);
  const fresh = find(form, "#new", HTMLInputElement);
  find(form, '[name="username"]', HTMLInputElement).value = name;
  find(form, "a", HTMLAnchorElement).href = back;
  showSecrets(form, words);
  form.hidden = false;
  (current.value ? fresh : current).focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!current.value) return showError(form, words.failed.missingPassword, current);
    if ([...fresh.value].length < 10) return showError(form, words.failed.tooShort, fresh);
    void busy(form, words.changing, () => change(form, current, fresh, id));
  });
}

/** @param {HTMLFormElement} form @param {HTMLInputElement} current @param {HTMLInputElement} fresh @param {string} user */
async function change(form, current, fresh, user) {
  try {
    const passwords = { current: current.value, new: fresh.value };
    await api.request("PUT", "/api/session/password", passwords);
    channel.publish({ type: "signed-in", user });
    showChanged(form);
  } catch (error) {
    const { code = "", field = "" } = /** @type {{ code?: string, field?: string }} */ (error);
    // Changed on another device meanwhile, which has ended this login.
    if (code === "unauthenticated") return location.replace(signInUrl(back));
    const row = find(form, "#current-field", HTMLElement);
    if (code === "wrong-password") row.hidden = false;
    const meant = field === "new" || row.hidden ? fresh : current;
    showError(form, sentenceFor(error, words.failed.wrongCurrent), meant);
  }
}

/** @param {HTMLFormElement} form */
function showChanged(form) {
  const done = find(document, "#changed", HTMLElement);
  find(done, "a", HTMLAnchorElement).href = back;
  form.reset();
  form.hidden = true;
  done.hidden = false;
  find(done, "h1", HTMLElement).focus();
}

async function startHosted() {
  const session = await createSession(config);
  const sheet = find(document, "#hosted", HTMLElement);
  const button = find(sheet, "button", HTMLButtonElement);
  sheet.hidden = false;
  await session.load();
  if (session.user()) return location.replace(back);
  button.addEventListener("click", () => {
    void busy(sheet, words.signingIn, async () => {
      try {
        const { clerkSignInUrl } = await import("../session/clerk.js");
        location.assign(await clerkSignInUrl(location.origin + back));
      } catch (error) {
        showError(sheet, sentenceFor(error, words.failed.other), button);
      }
    });
  });
}
