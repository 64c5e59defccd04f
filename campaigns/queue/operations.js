/**
 * The generator: a history is a list of operations, each a kind and a salt from which it draws
 * everything of its own. An operation means the same when others are removed, so that a failure can
 * be shrunk.
 */

import { Random } from "./random.js";

/** @typedef {[kind: string, salt: number]} Operation */

/** How often each kind occurs in an ordinary history. @type {Record<string, number>} */
const USUAL = {
  go: 50,
  on: 2,
  pass: 9,
  shutter: 7,
  network: 4,
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
  lateRequest: 2,
  quota: 0.5,
  corrupt: 0.1,
};

/** Kinds that occur in every history. */
const ALWAYS = new Set(["go", "pass", "shutter"]);
const FEWEST = 200;

/**
 * @param {number} seed
 * @returns {Operation[]} at least 200
 */
export function operationsOf(seed) {
  const random = new Random(seed);
  const weights = mixture(random);
  const length = FEWEST + random.below(80);
  const salt = () => random.below(2 ** 32);
  const rest = Array.from(
    { length },
    () => /** @type {Operation} */ ([random.weighted(weights), salt()]),
  );
  // A history that never changes the network does not always have a good one.
  return [["network", salt()], ...rest];
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
