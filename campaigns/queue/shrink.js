/**
 * Delta debugging: takes turns away from a failing history until each that is left is needed, and
 * tells several small steps as one long one.
 */

/** @import { Turn } from "./turns.js" */

/**
 * @param {Turn[]} turns that fail
 * @param {(turns: Turn[]) => boolean} fails in the same way
 * @returns {Turn[]}
 */
export function shrink(turns, fails) {
  let left = fewer(turns, fails);
  for (;;) {
    const folded = withFolds(left).find(fails);
    if (!folded) return left;
    left = fewer(folded, fails);
  }
}

/** @type {(turns: Turn[], fails: (turns: Turn[]) => boolean) => Turn[]} */
function fewer(turns, fails) {
  let left = turns;
  for (let parts = 2; left.length > 1;) {
    const smaller = withoutOne(left, parts).find(fails);
    if (!smaller && parts >= left.length) return left;
    parts = smaller ? Math.max(2, parts - 1) : Math.min(left.length, parts * 2);
    left = smaller ?? left;
  }
  return left;
}

/**
 * @param {Turn[]} turns
 * @returns {Turn[][]} each stretch of several steps told as one turn, the longest first
 */
function withFolds(turns) {
  const folds = [];
  for (let i = 0; i < turns.length; i += 1) {
    let length = 0;
    while (turns[i + length]?.[0] === "go") length += 1;
    for (let cut = length; cut > 1; cut -= 1)
      folds.push([
        ...turns.slice(0, i),
        /** @type {Turn} */ (["on", turns[i][1]]),
        ...turns.slice(i + cut),
      ]);
  }
  return folds.sort((a, b) => a.length - b.length);
}

/**
 * @param {Turn[]} turns
 * @param {number} parts
 * @returns {Turn[][]} the history without its first part, without its second, and so on
 */
function withoutOne(turns, parts) {
  const size = Math.ceil(turns.length / parts);
  const count = Math.ceil(turns.length / size);
  return Array.from({ length: count }, (_, i) => [
    ...turns.slice(0, i * size),
    ...turns.slice((i + 1) * size),
  ]);
}
