/** Runs one history from its operations: the verdict, and a trace for a reader. */

import { PRODUCT } from "./product.js";
import { operationsOf } from "./operations.js";
import { World } from "./world.js";

/** @import { Product } from "./product.js" */
/** @import { Operation } from "./operations.js" */

/**
 * @typedef {object} Played
 * @property {Record<string, string[]>} verdict empty when there is nothing to blame
 * @property {number} events operations and steps until rest
 * @property {number} photos
 * @property {number} stored
 * @property {{sent: number, refused: number}} overlap photos read ahead, by what became of them
 * @property {number} now virtual milliseconds
 * @property {string} mark equal for equal histories
 */

/**
 * @param {Operation[]} operations
 * @param {Product} [product]
 * @param {((event: any) => void) | null} [write] receives what users saw and what inspections found
 * @returns {Played}
 */
export function play(operations, product = PRODUCT, write = null) {
  const world = new World(product);
  world.checker.write = write;
  try {
    for (const operation of operations) {
      world.apply(operation);
      if (!world.checker.clean) break;
    }
    if (world.checker.clean) world.rest();
    else world.checker.inspect(world.disk.rows, world.clinic, false);
  } catch (error) {
    world.checker.broken(String(/** @type {Error} */ (error).stack ?? error));
  }
  return resultOf(world);
}

/** @param {number} seed @param {Product} [product] */
export const playSeed = (seed, product = PRODUCT) => play(operationsOf(seed), product);

/** @param {World} world @returns {Played} */
function resultOf({ checker, clinic, events, overlap, now }) {
  const verdict = Object.fromEntries([...checker.verdict].map(([kind, what]) => [kind, [...what]]));
  const rows = [...clinic.rows.values()];
  const stored = rows.filter((row) => row.state === "stored").length;
  const mark = [now, events, ...rows.map((row) => row.photoId + row.state)].join();
  return { verdict, events, photos: checker.taken.size, stored, overlap, now, mark };
}
