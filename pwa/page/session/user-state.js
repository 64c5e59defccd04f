/** The signed-in user of a page, the listeners to changes, and what the phone remembers. */

/** @import { SessionChannel } from "../../shared/session-channel.js" */
/** @import { Memory, OwnerRecord, Session, User } from "./session.js" */

/** The user is signed out, so there is no token: the way on leads through the sign-in page. */
export class SignedOut extends Error {
  name = "SignedOut";

  constructor() {
    super("The user is signed out.");
  }
}

export class UserState {
  #erase;
  #channel;
  /** @type {User | null} */
  #user = null;
  /** @type {Set<(user: User | null) => void>} */
  #listeners = new Set();
  /** @type {Set<() => void>} */
  #left = new Set();
  /** @type {Memory | null} */
  memory = null;

  /**
   * @param {() => Promise<unknown>} [erase] removes what this browser keeps of the last user
   * @param {Pick<SessionChannel, "publish">} [channel] to the other pages of this browser
   */
  constructor(erase = async () => {}, channel = undefined) {
    this.#erase = erase;
    this.#channel = channel;
  }

  get user() {
    return this.#user;
  }

  /** @param {User | null} user */
  set(user) {
    const changed = user?.id !== this.#user?.id || user?.name !== this.#user?.name;
    this.#user = user;
    if (changed) for (const listener of this.#listeners) listener(user);
  }

  /** @param {(user: User | null) => void} callback */
  onChange(callback) {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  /** @param {() => void} callback called when another page of this browser ended this user's session */
  onLeft(callback) {
    this.#left.add(callback);
    return () => void this.#left.delete(callback);
  }

  /** The user was signed out by another page: an expired sign-in keeps the screen, this does not. */
  onSignedOutElsewhere() {
    this.set(null);
    for (const listener of this.#left) listener();
  }

  /** @returns {Promise<OwnerRecord | null>} */
  async owner() {
    return (await this.memory?.owner()) ?? null;
  }

  /** The remembered user, unless signed out. */
  async recall() {
    const owner = await this.owner();
    this.set(owner && !owner.signedOut ? { id: owner.id, name: owner.name } : null);
  }

  /**
   * The user is signed in for certain.
   * @param {User} user
   * @param {string} sid
   */
  async confirm(user, sid) {
    const owner = await this.owner();
    const known = owner?.id === user.id ? owner : null;
    // Without a connection the provider may know the id alone.
    const name = user.name ?? known?.name ?? null;
    if (!isRemembered(known, sid, name)) await this.memory?.setOwner({ id: user.id, name, sid });
    this.set({ id: user.id, name });
  }

  /**
   * Where a phone remembers it, the sign-out is valid at once, whatever the link does: the session is
   * ended on the server now, or at the next start.
   * @param {(pending: string | undefined) => Promise<unknown>} end the session, of this id where one is remembered
   */
  async signOut(end) {
    const pending = await this.#beginSignOut();
    if (this.memory) this.#channel?.publish({ type: "signed-out" });
    try {
      await end(pending);
    } catch (error) {
      if (!this.memory) throw error;
    }
    if (!this.memory) await this.#eraseUserData();
    this.#channel?.publish({ type: "signed-out" });
    this.set(null);
  }

  async #beginSignOut() {
    const owner = await this.owner();
    if (!owner) return undefined;
    const pending = owner.sid ?? ANY_SESSION;
    await this.memory?.setOwner({ ...owner, signedOut: true, pendingSignOut: pending });
    await this.#eraseUserData();
    return pending;
  }

  /** The session that was left is ended on the server. */
  async completeSignOut() {
    const owner = await this.owner();
    if (!owner) return;
    await this.memory?.setOwner({ id: owner.id, name: null, signedOut: true });
  }

  /** A storage that fails prevents no sign-out. */
  async #eraseUserData() {
    await this.#erase().catch(() => undefined);
  }
}

/**
 * What pages see of a session of either kind.
 * @param {Pick<Session, "load" | "getToken" | "signOut"> & {state: UserState}} session
 * @returns {Omit<Session, "signInUrl" | "passwordUrl">}
 */
export function shownToPages(session) {
  return {
    load: () => session.load(),
    user: () => session.state.user,
    getToken: (options) => session.getToken(options),
    signOut: () => session.signOut(),
    onChange: (callback) => session.state.onChange(callback),
    onLeft: (callback) => session.state.onLeft(callback),
    remember: (memory) => void (session.state.memory = memory),
  };
}

/** Stands for a session whose id is unknown. */
export const ANY_SESSION = "any";

/** @param {OwnerRecord | null} owner @param {string} sid @param {string | null} name */
const isRemembered = (owner, sid, name) =>
  owner?.sid === sid && owner.name === name && !owner.signedOut;

/**
 * @param {string} token a session token of ours or Clerk's
 * @returns {string} its session id; read here for comparing only, the server verifies
 */
export function sessionIdOf(token) {
  const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(body)).sid;
}
