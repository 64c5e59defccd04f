/** Node's strict assertions as far as the queue's suite uses them; compared with Node's own by a test. */

export class AssertionError extends Error {
  name = "AssertionError";
}

/**
 * @param {unknown} holds
 * @param {unknown} message of the test
 * @param {() => string} otherwise
 */
function demand(holds, message, otherwise) {
  if (holds) return;
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? otherwise() : String(message));
}

/** @param {unknown} value */
function shown(value) {
  if (value instanceof Set || value instanceof Map)
    return `${value.constructor.name} ${shown([...value])}`;
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value);
}

/**
 * Equal in structure, in prototypes, and by Object.is at the leaves.
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
function same(a, b) {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const kind = KINDS.find(([type]) => a instanceof type);
  return (kind ? kind[1](a, b) : true) && sameKeys(a, b);
}

/** @param {unknown} value */
const isObject = (value) => typeof value === "object" && value !== null;

/**
 * @param {any} a
 * @param {any} b
 */
function sameKeys(a, b) {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/**
 * What holds its content elsewhere than in its keys.
 * @type {[Function & {prototype: any}, (a: any, b: any) => boolean][]}
 */
const KINDS = [
  [
    Set,
    (a, b) => a.size === b.size && [...a].every((one) => [...b].some((other) => same(one, other))),
  ],
  [
    Map,
    (a, b) =>
      a.size === b.size && [...a].every(([key, one]) => b.has(key) && same(one, b.get(key))),
  ],
  [Date, (a, b) => a.getTime() === b.getTime()],
  [RegExp, (a, b) => String(a) === String(b)],
  [Error, (a, b) => a.name === b.name && a.message === b.message],
  [ArrayBuffer, (a, b) => same(new Uint8Array(a), new Uint8Array(b))],
];

/**
 * Whether an error is what was expected: a pattern, a check, or properties.
 * @param {any} error
 * @param {any} expected
 */
function fits(error, expected) {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "function") return expected(error) === true;
  return Object.keys(expected).every((key) => same(error?.[key], expected[key]));
}

/** @param {PromiseLike<unknown> | (() => PromiseLike<unknown>)} work @param {unknown} [expected] @param {unknown} [message] */
async function rejects(work, expected, message) {
  let error;
  try {
    await (typeof work === "function" ? work() : work);
  } catch (thrown) {
    error = { thrown };
  }
  demand(error, message, () => "it did not reject");
  demand(fits(error?.thrown, expected), message, () => `rejected with ${String(error?.thrown)}`);
}

export default {
  /** @param {unknown} value @param {unknown} [message] */
  ok: (value, message) => demand(value, message, () => `${shown(value)} is not true`),
  /** @param {unknown} a @param {unknown} b @param {unknown} [message] */
  equal: (a, b, message) =>
    demand(Object.is(a, b), message, () => `${shown(a)} is not ${shown(b)}`),
  /** @param {unknown} a @param {unknown} b @param {unknown} [message] */
  notEqual: (a, b, message) => demand(!Object.is(a, b), message, () => `${shown(a)} twice`),
  /** @param {unknown} a @param {unknown} b @param {unknown} [message] */
  deepEqual: (a, b, message) => demand(same(a, b), message, () => `${shown(a)} is not ${shown(b)}`),
  /** @param {string} text @param {RegExp} pattern @param {unknown} [message] */
  match: (text, pattern, message) =>
    demand(pattern.test(text), message, () => `${text} does not match ${pattern}`),
  /** @param {string} text @param {RegExp} pattern @param {unknown} [message] */
  doesNotMatch: (text, pattern, message) =>
    demand(!pattern.test(text), message, () => `${text} matches ${pattern}`),
  rejects,
};
