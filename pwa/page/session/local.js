/**
 * Sessions of the built-in accounts: the login is a cookie that no script can read, and the page
 * exchanges it for tokens that live for a minute and stay in memory.
 */

import { ApiProblem } from "../../shared/http.js";
import { ANY_SESSION, SignedOut, UserState, sessionIdOf, shownToPages } from "./user-state.js";

/** @import { Session } from "./session.js" */
/** @import { SessionToken } from "../../shared/api-types.js" */
/** @import { Api, ApiAnswer } from "../../shared/http.js" */

/** A token is renewed this long before its end, so that it does not run out on its way. */
const EARLY_S = 10;

/** @import { SessionChannel, SessionChange } from "../../shared/session-channel.js" */

/**
 * @param {object} parts
 * @param {Api} parts.api without tokens: cookies alone
 * @param {() => number} [parts.now] milliseconds
 * @param {Pick<SessionChannel, "publish" | "listen">} [parts.channel] to the other pages of this browser
 * @param {() => Promise<unknown>} [parts.forget] removes what this browser keeps of the last user
 * @returns {Omit<Session, "signInUrl" | "passwordUrl">}
 */
export function createLocalSession({ api, now = Date.now, channel, forget }) {
  const session = new LocalSession(api, now, channel, forget);
  channel?.listen((news) => session.onNews(news));
  return shownToPages(session);
}

class LocalSession {
  state;
  #api;
  #now;
  /** @type {{value: string, until: number} | null} */
  #token = null;
  /** @type {Promise<string> | null} */
  #renewal = null;
  /** A renewal that began before a sign-out must not sign the user in after it. */
  #generation = 0;
  #over = false;

  /**
   * @param {Api} api
   * @param {() => number} now
   * @param {Pick<SessionChannel, "publish">} [channel]
   * @param {() => Promise<unknown>} [forget]
   */
  constructor(api, now, channel, forget) {
    this.#api = api;
    this.#now = now;
    this.state = new UserState(forget, channel);
  }

  async load() {
    try {
      await this.getToken({ fresh: true });
    } catch (error) {
      // Out of reach: the phone works on for the user it remembers.
      if (!(error instanceof SignedOut)) await this.state.recall();
    }
  }

  /** @param {{fresh?: boolean}} [options] @returns {Promise<string>} */
  async getToken({ fresh = false } = {}) {
    if (!fresh && this.#token && this.#now() < this.#token.until) return this.#token.value;
    if (this.#renewal) return this.#renewal;
    const renewal = this.#renew().finally(() => {
      if (this.#renewal === renewal) this.#renewal = null;
    });
    this.#renewal = renewal;
    return renewal;
  }

  signOut() {
    this.#dropToken();
    this.#over = true;
    return this.state.signOut(() => this.#end());
  }

  /** Another page of this browser signed a user out or in. @param {SessionChange} news */
  async onNews(news) {
    const before = this.state.user?.id;
    this.#dropToken();
    this.#over = news.type === "signed-out";
    if (news.type === "signed-out" || (before && news.user !== before))
      return this.state.onSignedOutElsewhere();
    // Out of reach: the next request asks again.
    await this.getToken({ fresh: true }).catch(() => undefined);
  }

  /** @returns {Promise<string>} */
  async #renew() {
    const generation = this.#generation;
    const { token, expiresIn, user } = await this.#ask();
    // A sign-in meanwhile has another token.
    if (generation !== this.#generation && !this.#over) return this.getToken();
    if (generation !== this.#generation) throw new SignedOut();
    const sid = sessionIdOf(token);
    if (await this.#wasLeft(sid)) return this.#leave();
    await this.state.confirm(user, sid);
    this.#token = { value: token, until: this.#now() + (expiresIn - EARLY_S) * 1000 };
    return token;
  }

  async #ask() {
    try {
      /** @type {ApiAnswer<SessionToken>} */
      const { data } = await this.#api.request("POST", "/api/session/token");
      return data;
    } catch (error) {
      if (!(error instanceof ApiProblem) || !leadsToSignIn(error)) throw error;
      this.#dropToken();
      this.state.set(null);
      throw new SignedOut();
    }
  }

  /** Whether this is the session that was signed out without a connection. @param {string} sid */
  async #wasLeft(sid) {
    const pending = (await this.state.owner())?.pendingSignOut;
    return pending === sid || pending === ANY_SESSION;
  }

  /** @returns {Promise<never>} */
  async #leave() {
    this.#dropToken();
    this.state.set(null);
    await this.#end();
    throw new SignedOut();
  }

  async #end() {
    await this.#api.request("DELETE", "/api/session");
    await this.state.completeSignOut();
  }

  #dropToken() {
    this.#generation += 1;
    this.#token = null;
    this.#renewal = null;
  }
}

/** The sign-in page is also where a generated password is changed. @param {ApiProblem} error */
function leadsToSignIn({ status, code }) {
  return status === 401 || code === "password-change-required";
}
