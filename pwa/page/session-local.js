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

/** @import { SessionChannel, SessionNews } from "../queue/session-channel.js" */

/**
 * @param {object} parts
 * @param {ReturnType<import("./api.js").createApi>} parts.api without tokens: cookies alone
 * @param {() => number} [parts.now] milliseconds
 * @param {Pick<SessionChannel, "tell" | "listen">} [parts.channel] to the other pages of this browser
 * @param {() => Promise<unknown>} [parts.forget] removes what this browser keeps of the last person
 * @returns {Omit<Session, "signInUrl" | "passwordUrl">}
 */
export function createLocalSession({ api, now = Date.now, channel = ALONE, forget }) {
  const session = new LocalSession(api, now, channel, forget);
  channel.listen((news) => session.hear(news));
  return {
    load: () => session.load(),
    user: () => session.who.user,
    getToken: (wish) => session.getToken(wish),
    signOut: () => session.signOut(),
    onChange: (callback) => session.who.onChange(callback),
    onLeft: (callback) => session.who.onLeft(callback),
    remember: (memory) => void (session.who.memory = memory),
  };
}

/** A page of its own. */
const ALONE = { tell: () => undefined, listen: () => () => undefined };

class LocalSession {
  who;
  #channel;
  #api;
  #now;
  /** @type {{value: string, until: number} | null} */
  #token = null;
  /** @type {Promise<string> | null} */
  #renewal = null;
  /** A renewal that began before a sign-out must not sign anybody in after it. */
  #era = 0;
  #over = false;

  /**
   * @param {ReturnType<import("./api.js").createApi>} api
   * @param {() => number} now
   * @param {Pick<SessionChannel, "tell" | "listen">} channel
   * @param {() => Promise<unknown>} [forget]
   */
  constructor(api, now, channel, forget) {
    this.#api = api;
    this.#now = now;
    this.#channel = channel;
    this.who = new Who(forget);
  }

  async load() {
    try {
      await this.getToken({ fresh: true });
    } catch (error) {
      // Out of reach: the phone works on for the person it remembers.
      if (!(error instanceof SignedOut)) await this.who.recall();
    }
  }

  /** @param {{fresh?: boolean}} [wish] @returns {Promise<string>} */
  async getToken({ fresh = false } = {}) {
    if (!fresh && this.#token && this.#now() < this.#token.until) return this.#token.value;
    if (this.#renewal) return this.#renewal;
    const renewal = this.#renew().finally(() => {
      if (this.#renewal === renewal) this.#renewal = null;
    });
    this.#renewal = renewal;
    return renewal;
  }

  async signOut() {
    this.#forget();
    this.#over = true;
    await this.who.lock();
    // Where a phone remembers it, the sign-out holds from here on, whatever the link does.
    if (this.who.memory) this.#channel.tell({ type: "signed-out" });
    try {
      await this.#end();
    } catch (error) {
      if (!this.who.memory) throw error;
    }
    if (!this.who.memory) await this.who.forget();
    this.#channel.tell({ type: "signed-out" });
    this.who.set(null);
  }

  /** Another page of this browser signed somebody out or in. @param {SessionNews} news */
  async hear(news) {
    const before = this.who.user?.id;
    this.#forget();
    this.#over = news.type === "signed-out";
    if (news.type === "signed-out" || (before && news.user !== before)) return this.who.leave();
    // Out of reach: the next request asks again.
    await this.getToken({ fresh: true }).catch(() => undefined);
  }

  /** @returns {Promise<string>} */
  async #renew() {
    const era = this.#era;
    const { token, expiresIn, user } = await this.#ask();
    // Whoever signed in again meanwhile has another token.
    if (era !== this.#era && !this.#over) return this.getToken();
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
      if (!(error instanceof ApiProblem) || !leadsToSignIn(error)) throw error;
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
    this.#renewal = null;
  }
}

/** The sign-in page is also where a generated password is changed. @param {ApiProblem} error */
function leadsToSignIn({ status, code }) {
  return status === 401 || code === "password-change-required";
}
