/**
 * Delta debugging: removes operations from a failing history until each that is left is needed, and
 * replaces several small steps by one long one.
 */

/** @import { Operation } from "./operations.js" */

/**
 * @param {Operation[]} operations that fail
 * @param {(operations: Operation[]) => boolean} fails in the same way
 * @returns {Operation[]}
 */
export function shrink(operations, fails) {
  let left = fewer(operations, fails);
  for (;;) {
    const folded = withFolds(left).find(fails);
    if (!folded) return left;
    left = fewer(folded, fails);
  }
}

/** @type {(operations: Operation[], fails: (operations: Operation[]) => boolean) => Operation[]} */
function fewer(operations, fails) {
  let left = operations;
  for (let parts = 2; left.length > 1;) {
    const smaller = withoutOne(left, parts).find(fails);
    if (!smaller && parts >= left.length) return left;
    parts = smaller ? Math.max(2, parts - 1) : Math.min(left.length, parts * 2);
    left = smaller ?? left;
  }
  return left;
}

/**
 * @param {Operation[]} operations
 * @returns {Operation[][]} each stretch of several steps as one operation, the longest first
 */
function withFolds(operations) {
  const folds = [];
  for (let i = 0; i < operations.length; i += 1) {
    let length = 0;
    while (operations[i + length]?.[0] === "go") length += 1;
    for (let cut = length; cut > 1; cut -= 1)
      folds.push([
        ...operations.slice(0, i),
        /** @type {Operation} */ (["on", operations[i][1]]),
        ...operations.slice(i + cut),
      ]);
  }
  return folds.sort((a, b) => a.length - b.length);
}

/**
 * @param {Operation[]} operations
 * @param {number} parts
 * @returns {Operation[][]} the history without its first part, without its second, and so on
 */
function withoutOne(operations, parts) {
  const size = Math.ceil(operations.length / parts);
  const count = Math.ceil(operations.length / size);
  return Array.from({ length: count }, (_, i) => [
    ...operations.slice(0, i * size),
    ...operations.slice((i + 1) * size),
  ]);
}
