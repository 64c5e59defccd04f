/**
 * What a browser keeps of the signed-in user is erased with the sign-out, on whichever page that
 * is: label and second identifier of the last consultation, and the name. Photos wait for their owner.
 */
import { DATABASE_NAME } from "../../queue/database.js";
import { openQueue } from "../../queue/queue.js";

/** Nothing happens in a browser that never was a phone. */
export async function eraseLastUser() {
  if (!(await isPhone())) return;
  const queue = await openQueue();
  try {
    await queue.eraseUser();
  } finally {
    await queue.close();
  }
}

async function isPhone() {
  // Where a browser cannot list its databases, opening one is the way to know.
  const all = await globalThis.indexedDB?.databases?.().catch(() => null);
  return !all || all.some(({ name }) => name === DATABASE_NAME);
}
