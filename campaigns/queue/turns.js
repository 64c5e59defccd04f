/**
 * A history is a list of turns, each a kind and a salt from which it draws everything of its own:
 * a turn means the same when others are taken away, so that a failure can be shrunk.
 */

import { Random } from "./random.js";

/** @typedef {[kind: string, salt: number]} Turn */

/** How often each kind comes in an ordinary history. @type {Record<string, number>} */
const USUAL = {
  go: 50,
  on: 2,
  pass: 9,
  shutter: 7,
  weather: 4,
  remove: 3,
  retake: 1.5,
  retry: 1.5,
  online: 2,
  look: 2.5,
  kill: 2,
  freeze: 0.7,
  thaw: 1,
  clock: 0.7,
  desktop: 2.5,
  open: 2,
  answer: 3,
  user: 1,
  move: 1,
  sweep: 1,
  ghost: 2,
  quota: 0.5,
  rot: 0.1,
};

/** What no history can do without. */
const ALWAYS = new Set(["go", "pass", "shutter"]);
const FEWEST = 200;

/**
 * @param {number} seed
 * @returns {Turn[]} at least 200
 */
export function turnsOf(seed) {
  const random = new Random(seed);
  const weights = mixture(random);
  const length = FEWEST + random.below(80);
  const salt = () => random.below(2 ** 32);
  const rest = Array.from(
    { length },
    () => /** @type {Turn} */ ([random.weighted(weights), salt()]),
  );
  // Where the weather never changes it is not always good.
  return [["weather", salt()], ...rest];
}

/**
 * Each history has its own character: some kinds are absent, some come in crowds, so that states
 * which an average history never reaches are reached by some.
 * @param {Random} random
 * @returns {[string, number][]}
 */
function mixture(random) {
  // Long outages in which nothing else happens, too.
  const rare = random.chance(0.15) ? [0, 0, 0, 0, 0, 0, 0, 1] : [0, 0.5, 1, 1, 1, 3];
  return Object.entries(USUAL).map(([kind, usual]) => {
    const factors = ALWAYS.has(kind) ? [0.5, 1, 1, 2] : rare;
    return [kind, usual * random.pick(factors)];
  });
}
