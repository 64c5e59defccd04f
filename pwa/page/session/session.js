/**
 * The signed-in user, and tokens for the API, from either identity provider. Pages see the shape
 * `Session` and cannot see which one they have.
 */

import { createApi } from "../../shared/http.js";
import { passwordUrl, signInUrl } from "./back.js";
import { DATABASE_NAME } from "../../queue/database.js";
import { openQueue } from "../../queue/queue.js";
import { SessionChannel } from "../../shared/session-channel.js";
import { createLocalSession } from "./local.js";

/** @typedef {{id: string, name: string | null}} User */

/**
 * The last user of this phone, as the queue keeps it. `pendingSignOut` is the session which was
 * left without a connection and must still be ended.
 * @typedef {User & {sid?: string, signedOut?: boolean, pendingSignOut?: string}} OwnerRecord
 */

/**
 * @typedef {object} Memory
 * @property {() => Promise<OwnerRecord | null>} owner
 * @property {(owner: OwnerRecord | null) => Promise<unknown>} setOwner
 */

/**
 * @typedef {object} Session
 * @property {() => Promise<void>} load settles within seconds, with or without a connection
 * @property {() => User | null} user signed in, or remembered while the server is out of reach
 * @property {(options?: {fresh?: boolean}) => Promise<string>} getToken throws SignedOut, or NotReached
 * @property {() => Promise<void>} signOut with a memory it works offline as well, else it throws
 * @property {(callback: (user: User | null) => void) => () => void} onChange returns how to stop
 * @property {(callback: () => void) => () => void} onLeft called when another page of this browser
 *   signed this user out, or another one in
 * @property {(memory: Memory) => void} remember call before `load`, where a phone has a queue
 * @property {(backTo: string) => string} signInUrl
 * @property {((backTo: string) => string) | null} passwordUrl null where passwords are kept elsewhere
 */

/**
 * @param {import("../config.js").Config} config
 * @param {{fetch?: typeof fetch}} [parts]
 * @returns {Promise<Session>}
 */
export async function createSession(config, { fetch: send = (...args) => fetch(...args) } = {}) {
  const around = { channel: new SessionChannel(), forget: eraseLastUser };
  if (config.identity === "clerk") {
    const session = await clerkSession(config.clerkPublishableKey ?? "", {
      fetch: send,
      ...around,
    });
    return { ...session, signInUrl, passwordUrl: null };
  }
  const session = createLocalSession({ api: createApi({ fetch: send }), ...around });
  return { ...session, signInUrl, passwordUrl };
}

/**
 * Loaded only where users sign in with Clerk.
 * @param {string} publishableKey
 * @param {Parameters<typeof import("./clerk.js").createClerkSession>[1]} parts
 */
async function clerkSession(publishableKey, parts) {
  const { createClerkSession, loadClerkScript } = await import("./clerk.js");
  return createClerkSession(() => loadClerkScript(publishableKey), parts);
}

/**
 * What a browser keeps of the signed-in user is erased with the sign-out, on whichever page that is:
 * label and second identifier of the last consultation, and the name. Photos wait for their owner.
 */
async function eraseLastUser() {
  if (!(await isPhone())) return;
  const queue = await openQueue();
  try {
    await queue.eraseUser();
  } finally {
    await queue.close();
  }
}

/** Nothing is opened in a browser that never was a phone. */
async function isPhone() {
  // Where a browser cannot list its databases, opening one is the way to know.
  const all = await globalThis.indexedDB?.databases?.().catch(() => null);
  return !all || all.some(({ name }) => name === DATABASE_NAME);
}
