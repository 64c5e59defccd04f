/**
 * Sessions of the built-in accounts: the login is a cookie that no script can read, and the page
 * exchanges it for tokens that live for a minute and stay in memory.
 */

import { ApiProblem } from "./api.js";
import { SignedOut } from "./signed-out.js";
import { ANY_SESSION, Who, sessionIdOf } from "./who.js";

/** @import { Session, User } from "./session.js" */

/** A token is renewed this long before its end, so that it does not run out on its way. */
const EARLY_S = 10;

/**
 * @param {object} parts
 * @param {ReturnType<import("./api.js").createApi>} parts.api without tokens: cookies alone
 * @param {() => number} [parts.now] milliseconds
 * @returns {Omit<Session, "signInUrl" | "passwordUrl">}
 */
export function createLocalSession({ api, now = Date.now }) {
  const session = new LocalSession(api, now);
  return {
    load: () => session.load(),
    user: () => session.who.user,
    getToken: (wish) => session.getToken(wish),
    signOut: () => session.signOut(),
    onChange: (callback) => session.who.onChange(callback),
    remember: (memory) => void (session.who.memory = memory),
  };
}

class LocalSession {
  who = new Who();
  #api;
  #now;
  /** @type {{value: string, until: number} | null} */
  #token = null;
  /** @type {Promise<string> | null} */
  #renewal = null;
  /** A renewal that began before a sign-out must not sign anybody in after it. */
  #era = 0;

  /** @param {ReturnType<import("./api.js").createApi>} api @param {() => number} now */
  constructor(api, now) {
    this.#api = api;
    this.#now = now;
  }

  async load() {
    try {
      await this.getToken({ fresh: true });
    } catch (error) {
      // Out of reach: the phone works on for the person it remembers.
      if (!(error instanceof SignedOut)) await this.who.recall();
    }
  }

  /** @param {{fresh?: boolean}} [wish] */
  async getToken({ fresh = false } = {}) {
    if (!fresh && this.#token && this.#now() < this.#token.until) return this.#token.value;
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async signOut() {
    this.#forget();
    await this.who.lock();
    try {
      await this.#end();
    } catch (error) {
      if (!this.who.memory) throw error;
    }
    this.who.set(null);
  }

  async #renew() {
    const era = this.#era;
    const { token, expiresIn, user } = await this.#ask();
    if (era !== this.#era) throw new SignedOut();
    const sid = sessionIdOf(token);
    if (await this.#wasLeft(sid)) return this.#leave();
    await this.who.confirm(user, sid);
    this.#token = { value: token, until: this.#now() + (expiresIn - EARLY_S) * 1000 };
    return token;
  }

  /** @returns {Promise<{token: string, expiresIn: number, user: User}>} */
  async #ask() {
    try {
      return (await this.#api.request("POST", "/api/session/token")).data;
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
      this.#forget();
      this.who.set(null);
      throw new SignedOut();
    }
  }

  /** Whether this is the session that was signed out without a connection. @param {string} sid */
  async #wasLeft(sid) {
    const pending = (await this.who.owner())?.pendingSignOut;
    return pending === sid || pending === ANY_SESSION;
  }

  /** @returns {Promise<never>} */
  async #leave() {
    this.#forget();
    this.who.set(null);
    await this.#end();
    throw new SignedOut();
  }

  async #end() {
    await this.#api.request("DELETE", "/api/session");
    await this.who.settle();
  }

  #forget() {
    this.#era += 1;
    this.#token = null;
  }
}
