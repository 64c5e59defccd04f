/** One history from its turns; the verdict, and what happened for those who read it. */

import { PRODUCT } from "./product.js";
import { turnsOf } from "./turns.js";
import { World } from "./world.js";

/** @import { Product } from "./product.js" */
/** @import { Turn } from "./turns.js" */

/**
 * @typedef {object} Played
 * @property {Record<string, string[]>} verdict empty when there is nothing to blame
 * @property {number} events turns and steps until rest
 * @property {number} photos
 * @property {number} stored
 * @property {number} now virtual milliseconds
 * @property {string} mark equal for equal histories
 */

/**
 * @param {Turn[]} turns
 * @param {Product} [product]
 * @param {((event: any) => void) | null} [write] hears what people saw and what inspections found
 * @returns {Played}
 */
export function play(turns, product = PRODUCT, write = null) {
  const world = new World(product);
  world.books.write = write;
  try {
    for (const turn of turns) {
      world.turn(turn);
      if (!world.books.clean) break;
    }
    if (world.books.clean) world.rest();
    else world.books.inspect(world.disk.rows, world.clinic, false);
  } catch (error) {
    world.books.broken(String(/** @type {Error} */ (error).stack ?? error));
  }
  return told(world);
}

/** @param {number} seed @param {Product} [product] */
export const playSeed = (seed, product = PRODUCT) => play(turnsOf(seed), product);

/** @param {World} world @returns {Played} */
function told({ books, clinic, turns, now }) {
  const verdict = Object.fromEntries([...books.verdict].map(([kind, what]) => [kind, [...what]]));
  const rows = [...clinic.rows.values()];
  const stored = rows.filter((row) => row.state === "stored").length;
  const mark = [now, turns, ...rows.map((row) => row.photoId + row.state)].join();
  return { verdict, events: turns, photos: books.taken.size, stored, now, mark };
}
