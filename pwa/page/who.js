/** The signed-in user of a page, those who want to hear of changes, and what the phone remembers. */

/** @import { Memory, OwnerRecord, User } from "./session.js" */

export class Who {
  #forget;
  /** @type {User | null} */
  #user = null;
  /** @type {Set<(user: User | null) => void>} */
  #listeners = new Set();
  /** @type {Set<() => void>} */
  #left = new Set();
  /** @type {Memory | null} */
  memory = null;

  /** @param {() => Promise<unknown>} [forget] removes what this browser keeps of the last person */
  constructor(forget = async () => {}) {
    this.#forget = forget;
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

  /** @param {() => void} callback called when somebody else of this browser ended what was shown here */
  onLeft(callback) {
    this.#left.add(callback);
    return () => void this.#left.delete(callback);
  }

  /** The person was signed out by another page: an expired sign-in keeps the screen, this does not. */
  leave() {
    this.set(null);
    for (const listener of this.#left) listener();
  }

  /** @returns {Promise<OwnerRecord | null>} */
  async owner() {
    return (await this.memory?.owner()) ?? null;
  }

  /** The remembered user, unless that person has signed out. */
  async recall() {
    const owner = await this.owner();
    this.set(owner && !owner.signedOut ? { id: owner.id, name: owner.name } : null);
  }

  /**
   * Somebody is signed in for certain.
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
   * The sign-out holds from here on, whatever the link does: the session is ended for certain by
   * `settle`, or at the next start.
   * @returns {Promise<string | undefined>} the session to be ended, where one is remembered
   */
  async lock() {
    const owner = await this.owner();
    if (!owner) return undefined;
    const pending = owner.sid ?? ANY_SESSION;
    await this.memory?.setOwner({ ...owner, signedOut: true, pendingSignOut: pending });
    await this.forget();
    return pending;
  }

  /** The session that was left is ended on the server. */
  async settle() {
    const owner = await this.owner();
    if (!owner) return;
    await this.memory?.setOwner({ id: owner.id, name: null, signedOut: true });
  }

  /** A storage that fails keeps nobody from signing out. */
  async forget() {
    await this.#forget().catch(() => undefined);
  }
}

/** Stands for a session whose id was never learnt. */
export const ANY_SESSION = "any";

/**
 * @param {string} token a session token of ours or Clerk's
 * @returns {string} its session id; read here for comparing only, the server verifies
 */
export function sessionIdOf(token) {
  const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(body)).sid;
}
