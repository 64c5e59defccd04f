/**
 * Two worlds in which the same contract is tried: a page with the built-in accounts and a page with
 * Clerk. Each can be cut off, made to hang, and made to end a session.
 */

import { createApi } from "../../../pwa/shared/http.js";
import { createClerkSession } from "../../../pwa/page/session/clerk.js";
import { createLocalSession } from "../../../pwa/page/session/local.js";

export const ANNA = { id: "user_anna", name: "Anna" };
export const BEN = { id: "user_ben", name: "Ben" };
export const LIMIT_MS = 10_000;

const TOKEN_MS = 60_000;

/** What the phone's queue remembers of its owner. */
export class FakeMemory {
  kept = null;

  owner = async () => this.kept;
  setOwner = async (owner) => void (this.kept = structuredClone(owner));
}

class World {
  link = "up";
  now = 1_000_000;
  tokens = 0;
  uploadSessions = 0;
  #count = 0;

  newSessionId() {
    return `sess_${(this.#count += 1)}`;
  }

  token(sid, user) {
    this.tokens += 1;
    const body = { sid, sub: user.id, jti: this.tokens };
    return `h.${Buffer.from(JSON.stringify(body)).toString("base64url")}.s`;
  }

  /** Answers, fails or hangs as the link does. */
  async travel(signal) {
    if (this.link === "down") throw new TypeError("fetch failed");
    if (this.link !== "hang") return;
    await new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  fetch = async (path, { method = "GET", headers = {}, signal } = {}) => {
    await this.travel(signal);
    return this.answer(`${method} ${path}`, headers);
  };
}

const answered = (status, data) =>
  new Response(data && JSON.stringify(data), { status, headers: { "X-CP-Server": "capture/1" } });
const unauthenticated = () =>
  answered(401, { code: "unauthenticated", status: 401, detail: "Sign in to continue." });

/** The built-in accounts: one login cookie in this browser, tokens for a minute. */
export class LocalWorld extends World {
  login = null;

  signIn(user) {
    this.login = { sid: this.newSessionId(), user };
  }

  revoke() {
    this.login = null;
  }

  get alive() {
    return this.login !== null;
  }

  open(memory) {
    const session = createLocalSession({
      api: createApi({ fetch: this.fetch }),
      now: () => this.now,
    });
    if (memory) session.remember(memory);
    return session;
  }

  answer(route) {
    if (route === "DELETE /api/session") {
      this.login = null;
      return answered(204);
    }
    if (route !== "POST /api/session/token")
      return answered(404, { code: "not-found", status: 404 });
    if (!this.login) return unauthenticated();
    const { sid, user } = this.login;
    return answered(200, { token: this.token(sid, user), expiresIn: 60, user });
  }
}

/** Clerk: its server, its cookie in this browser, and its script as it was measured to behave. */
export class ClerkWorld extends World {
  sessions = [];
  cookie = null;
  uploads = true;

  signIn(user) {
    const session = { id: this.newSessionId(), user };
    this.sessions = [session];
    this.cookie = session;
    this.uploads = true;
  }

  revoke() {
    this.sessions = [];
  }

  get alive() {
    return this.sessions.length > 0;
  }

  open(memory) {
    const script = async () => new FakeClerk(this);
    const session = createClerkSession(script, { fetch: this.fetch, limitMs: LIMIT_MS });
    if (memory) session.remember(memory);
    return session;
  }

  answer(route, headers) {
    if (route !== "DELETE /api/upload-session") return answered(404, { code: "not-found" });
    if (!headers.Authorization) return unauthenticated();
    this.uploads = false;
    return answered(204);
  }
}

class FakeClerk {
  user = null;
  session = null;
  status = "loading";
  #world;
  #listeners = [];

  constructor(world) {
    this.#world = world;
  }

  addListener(listener) {
    this.#listeners.push(listener);
  }

  async load({ selectInitialSession }) {
    const world = this.#world;
    if (world.link === "hang") return new Promise(() => {});
    this.status = world.link === "up" ? "ready" : "degraded";
    // Without a connection Clerk trusts its cookie, which has the ids alone.
    const chosen =
      world.link === "up"
        ? selectInitialSession({ signedInSessions: world.sessions })
        : world.cookie && { id: world.cookie.id, user: { id: world.cookie.user.id } };
    if (world.link === "up" && !world.sessions.length) world.cookie = null;
    if (chosen) this.#activate(chosen);
  }

  #activate({ id, user }) {
    this.user = { id: user.id, fullName: user.name ?? null };
    this.session = { id, getToken: (options) => this.#token(id, options) };
  }

  #cached = null;

  async #token(id, options) {
    const world = this.#world;
    if (!options?.skipCache && this.#cached && world.now < this.#cached.until)
      return this.#cached.value;
    if (world.link === "hang") return new Promise(() => {});
    if (world.link === "down") throw Object.assign(new Error("offline"), { code: "clerk_offline" });
    const living = world.sessions.find((session) => session.id === id);
    if (!living) {
      this.#leave();
      throw Object.assign(new Error("gone"), { status: 401 });
    }
    const value = world.token(id, living.user);
    this.#cached = { value, until: world.now + TOKEN_MS - 10_000 };
    return value;
  }

  async signOut(one) {
    const world = this.#world;
    const gone = (session) => !one || session.id === one.sessionId;
    if (world.link === "up") world.sessions = world.sessions.filter((session) => !gone(session));
    if (world.cookie && gone(world.cookie)) world.cookie = null;
    if (this.session && gone(this.session)) this.#leave();
  }

  #leave() {
    this.user = null;
    this.session = null;
    this.#listeners.forEach((listener) => listener());
  }
}
