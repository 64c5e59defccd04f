/**
 * Sessions of Clerk, behind the same functions as local ones. Clerk's script waits for its server
 * for up to a minute and may hang without end, so every call has our own limit; and it forgets a
 * sign-out made without a connection, so that is remembered here and finished at the next start.
 */

import { NoAnswer, withLimit } from "../../shared/clock.js";
import { ApiProblem, createApi, NotReached } from "../../shared/http.js";
import { ANY_SESSION, SignedOut, UserState, shownToPages } from "./user-state.js";

/** @import { Session } from "./session.js" */
/** @import { SessionChannel, SessionChange } from "../../shared/session-channel.js" */

/**
 * What is used of Clerk's object.
 * @typedef {{id: string}} ClerkSessionRef
 * @typedef {object} Clerk
 * @property {(options: object) => Promise<void>} load
 * @property {{id: string, fullName?: string | null, primaryEmailAddress?: {emailAddress: string} | null} | null} [user]
 * @property {{id: string, getToken: (options?: {skipCache?: boolean}) => Promise<string | null>} | null} [session]
 * @property {string} [status] "ready", or "degraded" when Clerk's server was not reached
 * @property {(options?: {sessionId: string}) => Promise<void>} signOut
 * @property {(listener: () => void) => unknown} addListener
 */

const LIMIT_MS = 8_000;

/**
 * @param {() => Promise<Clerk>} fetchClerk brings Clerk's object, not loaded yet
 * @param {{fetch: typeof fetch, limitMs?: number, channel?: Pick<SessionChannel, "publish" | "listen">,
 *   forget?: () => Promise<unknown>}} parts
 * @returns {Omit<Session, "signInUrl" | "passwordUrl">}
 */
export function createClerkSession(fetchClerk, parts) {
  const session = new ClerkSession(fetchClerk, parts);
  return shownToPages(session);
}

/**
 * @param {string} publishableKey
 * @returns {Promise<Clerk>} from our own server, as the policy of the pages demands
 */
export function loadClerkScript(publishableKey) {
  const script = document.createElement("script");
  script.src = "/pwa/vendor/clerk.browser.js";
  script.dataset.clerkPublishableKey = publishableKey;
  return new Promise((resolve, reject) => {
    script.onload = () => resolve(/** @type {any} */ (globalThis).Clerk);
    script.onerror = () => reject(new NotReached("network"));
    document.head.append(script);
  });
}

/**
 * @param {string} backTo a whole address of ours
 * @returns {Promise<string>} Clerk's own sign-in page, which leads back; Clerk must be loaded
 */
export async function clerkSignInUrl(backTo) {
  const { Clerk } = /** @type {any} */ (globalThis);
  if (!Clerk?.buildSignInUrl) throw new NotReached("network");
  return Clerk.buildSignInUrl({ signInForceRedirectUrl: backTo, signUpForceRedirectUrl: backTo });
}

class ClerkSession {
  state;
  #fetchClerk;
  #limitMs;
  #api;
  /** @type {Clerk | null} */
  #clerk = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  /** A session that was signed out here and may still live at Clerk. @type {string | undefined} */
  #left;

  /** @param {() => Promise<Clerk>} fetchClerk @param {Parameters<typeof createClerkSession>[1]} parts */
  constructor(fetchClerk, { fetch: send, limitMs = LIMIT_MS, channel, forget }) {
    this.state = new UserState(forget, channel);
    channel?.listen((news) => this.#onNews(news));
    this.#fetchClerk = fetchClerk;
    this.#limitMs = limitMs;
    this.#api = createApi({ getToken: () => this.getToken(), fetch: send });
  }

  async load() {
    this.#left = (await this.state.owner())?.pendingSignOut;
    try {
      await this.#ready();
      if (!this.#clerk?.user && this.#clerk?.status === "degraded") await this.state.recall();
    } catch {
      await this.state.recall();
    }
  }

  /** @param {{fresh?: boolean}} [options] */
  async getToken({ fresh = false } = {}) {
    await this.#ready();
    const { session, status } = /** @type {Clerk} */ (this.#clerk);
    if (this.#isLeft(session)) throw new SignedOut();
    if (!session && status === "degraded") throw new NotReached("network");
    if (!session) throw new SignedOut();
    const token = await this.#limited(session.getToken({ skipCache: fresh })).catch(refusal);
    if (!token) throw new SignedOut();
    return token;
  }

  signOut() {
    return this.state.signOut(async (pending) => {
      try {
        await this.#endUploads();
        await this.#endSession(this.#clerk?.session?.id ?? pending);
      } catch (error) {
        this.#left = pending ?? this.#left;
        throw error;
      }
    });
  }

  /** Another page of this browser signed out; a sign-in there is reported by Clerk's script. @param {SessionChange} news */
  #onNews(news) {
    if (news.type !== "signed-out") return;
    this.#left = this.#clerk?.session?.id ?? this.#left;
    this.state.onSignedOutElsewhere();
  }

  /** Background uploads end first, while there is still a token that names their owner. */
  async #endUploads() {
    try {
      await this.#api.request("DELETE", "/api/upload-session");
    } catch (error) {
      // A sign-out that was begun before: the server takes nothing of this session any more.
      const over = error instanceof ApiProblem && error.status === 401;
      if (!over && !(error instanceof SignedOut)) throw error;
    }
  }

  /** @param {string | undefined} sessionId */
  async #endSession(sessionId) {
    // Clerk's own sign-out "succeeds" without a connection and is undone at the next start.
    const offline = globalThis.navigator?.onLine === false;
    if (offline || !this.#clerk || this.#clerk.status === "degraded") {
      throw new NotReached("network");
    }
    const one = sessionId && sessionId !== ANY_SESSION ? { sessionId } : undefined;
    await this.#limited(this.#clerk.signOut(one));
    await this.state.completeSignOut();
    this.#left = undefined;
  }

  /** Loads once; a call after a failure tries again. */
  async #ready() {
    this.#loading ??= this.#start();
    try {
      await this.#limited(this.#loading);
    } catch (error) {
      if (!this.#clerk) this.#loading = null;
      throw error;
    }
  }

  async #start() {
    const clerk = await this.#fetchClerk();
    await clerk.load({ telemetry: false, selectInitialSession: this.#choose, ...styling() });
    this.#clerk = clerk;
    if (this.#left) await this.#endSession(this.#left).catch(() => undefined);
    clerk.addListener(() => void this.#updateUser());
    await this.#updateUser();
  }

  /** @param {{signedInSessions: ClerkSessionRef[]}} client */
  #choose = (client) => client.signedInSessions.find((session) => !this.#isLeft(session)) ?? null;

  /** @param {ClerkSessionRef | null | undefined} session */
  #isLeft(session) {
    return !!session && (session.id === this.#left || this.#left === ANY_SESSION);
  }

  async #updateUser() {
    const { user, session, status } = /** @type {Clerk} */ (this.#clerk);
    if (user && session && !this.#isLeft(session)) {
      const name = user.fullName || user.primaryEmailAddress?.emailAddress || null;
      await this.state.confirm({ id: user.id, name }, session.id);
    } else if (status !== "degraded") {
      this.state.set(null);
    }
  }

  /**
   * @template T
   * @param {Promise<T> | T} work
   * @returns {Promise<T>}
   */
  #limited(work) {
    return withLimit(work, this.#limitMs, "clerk").catch((error) => {
      throw error instanceof NoAnswer ? new NotReached("timeout", error) : error;
    });
  }
}

/**
 * The sign-in page allows the styles that Clerk brings by a nonce; other pages have none of them.
 * @returns {{nonce?: string}}
 */
function styling() {
  const nonce = globalThis.document
    ?.querySelector('meta[name="cp-nonce"]')
    ?.getAttribute("content");
  return nonce ? { nonce } : {};
}

/**
 * Clerk's error as ours: its server refused, or did not answer.
 * @param {any} error
 * @returns {never}
 */
function refusal(error) {
  if ([401, 403, 404].includes(error?.status)) throw new SignedOut();
  throw error instanceof NotReached ? error : new NotReached("network", error);
}
