/** The signed-in user of a page, the listeners to changes, and what the phone remembers. */

/** @import { Memory, OwnerRecord, User } from "./session.js" */

export class UserState {
  #erase;
  /** @type {User | null} */
  #user = null;
  /** @type {Set<(user: User | null) => void>} */
  #listeners = new Set();
  /** @type {Set<() => void>} */
  #left = new Set();
  /** @type {Memory | null} */
  memory = null;

  /** @param {() => Promise<unknown>} [erase] removes what this browser keeps of the last user */
  constructor(erase = async () => {}) {
    this.#erase = erase;
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
    const same = known?.sid === sid && known.name === name && !known.signedOut;
    if (!same) await this.memory?.setOwner({ id: user.id, name, sid });
    this.set({ id: user.id, name });
  }

  /**
   * The sign-out is valid from here on, whatever the link does: the session is ended on the server
   * before `completeSignOut`, or at the next start.
   * @returns {Promise<string | undefined>} the session to be ended, where one is remembered
   */
  async beginSignOut() {
    const owner = await this.owner();
    if (!owner) return undefined;
    const pending = owner.sid ?? ANY_SESSION;
    await this.memory?.setOwner({ ...owner, signedOut: true, pendingSignOut: pending });
    await this.eraseUserData();
    return pending;
  }

  /** The session that was left is ended on the server. */
  async completeSignOut() {
    const owner = await this.owner();
    if (!owner) return;
    await this.memory?.setOwner({ id: owner.id, name: null, signedOut: true });
  }

  /** A storage that fails prevents no sign-out. */
  async eraseUserData() {
    await this.#erase().catch(() => undefined);
  }
}

/** Stands for a session whose id is unknown. */
export const ANY_SESSION = "any";

/**
 * @param {string} token a session token of ours or Clerk's
 * @returns {string} its session id; read here for comparing only, the server verifies
 */
export function sessionIdOf(token) {
  const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(body)).sid;
}
