/** A range of seeds in this thread or process: what was done, what was found, which controls failed. */

import { CONTROLS } from "./controls.js";
import { play } from "./play.js";
import { PRODUCT } from "./product.js";
import { shrink } from "./shrink.js";
import { operationsOf } from "./operations.js";
import { FAULTY, playSchedule } from "./wrong-patient.js";

/** @import { Played } from "./play.js" */
/** @import { Product } from "./product.js" */
/** @import { Operation } from "./operations.js" */

/** One seed in so many is also played with each faulty product. */
const CONTROL_EVERY = 20;
const SCHEDULE_EVERY = 10;

/**
 * @typedef {object} Found
 * @property {number} trials
 * @property {Record<string, number>} counts
 * @property {Record<string, number>} violations
 * @property {Record<string, {trials: number, caught: number}>} controls
 * @property {string[]} failures
 */

/**
 * @param {number} first
 * @param {number} end not included
 * @returns {Found}
 */
export function runChunk(first, end) {
  const found = nothing();
  for (let seed = first; seed < end; seed += 1) {
    const operations = operationsOf(seed);
    add(found, seed, operations, play(operations));
    if (seed % CONTROL_EVERY === 0) addControls(found, operations);
  }
  return found;
}

/**
 * The wrong-patient schedules of every tenth seed, all of them with each faulty build as well.
 * @param {number} first
 * @param {number} end not included
 * @returns {Promise<Found>}
 */
export async function runSchedules(first, end) {
  const found = nothing();
  for (let seed = first; seed < end; seed += 1) {
    if (seed % SCHEDULE_EVERY) continue;
    const { verdict, photos, asked } = await playSchedule(seed);
    for (const [name, n] of Object.entries({ schedules: 1, scheduled: photos, asked }))
      count(found.counts, name, n);
    if (verdict.length === 0) continue;
    count(found.violations, "crossed", verdict.length);
    found.failures.push(`schedule ${seed}: crossed ${verdict.join(", ")}`);
  }
  await addFaulty(found, first, end);
  return found;
}

/** A schedule is short: each build plays so many that one of them catches it. @param {Found} found @param {number} first @param {number} end */
async function addFaulty(found, first, end) {
  for (const [name, parts] of Object.entries(FAULTY)) {
    const known = (found.controls[name] ??= { trials: 0, caught: 0 });
    for (let seed = first; seed < end; seed += 1) {
      if (seed % SCHEDULE_EVERY) continue;
      known.trials += 1;
      known.caught += Number((await playSchedule(seed, parts)).verdict.length > 0);
    }
  }
}

/** @returns {Found} */
export function nothing() {
  return { trials: 0, counts: {}, violations: {}, controls: {}, failures: [] };
}

/** @param {Found} sum changed @param {Found} more */
export function addUp(sum, more) {
  sum.trials += more.trials;
  for (const key of /** @type {const} */ (["counts", "violations"]))
    for (const [name, n] of Object.entries(more[key])) count(sum[key], name, n);
  for (const [name, { trials, caught }] of Object.entries(more.controls)) {
    const known = (sum.controls[name] ??= { trials: 0, caught: 0 });
    known.trials += trials;
    known.caught += caught;
  }
  sum.failures.push(...more.failures);
}

/** @param {Found} found @param {number} seed @param {Operation[]} operations @param {Played} played */
function add(found, seed, operations, { verdict, events, photos, stored, overlap }) {
  found.trials += 1;
  const { sent: sentAsReadAhead, refused: refusedAfterReadAhead } = overlap;
  const counts = { events, photos, stored, sentAsReadAhead, refusedAfterReadAhead };
  for (const [name, n] of Object.entries(counts)) count(found.counts, name, n);
  for (const [kind, what] of Object.entries(verdict)) count(found.violations, kind, what.length);
  if (Object.keys(verdict).length > 0) found.failures.push(sentence(seed, operations, PRODUCT));
}

/** @param {Found} found @param {Operation[]} operations */
function addControls(found, operations) {
  for (const [name, product] of Object.entries(CONTROLS)) {
    const caught = Object.keys(play(operations, product).verdict).length > 0;
    const known = (found.controls[name] ??= { trials: 0, caught: 0 });
    known.trials += 1;
    known.caught += Number(caught);
  }
}

/** @param {Record<string, number>} counts @param {string} name @param {number} n */
function count(counts, name, n) {
  counts[name] = (counts[name] ?? 0) + n;
}

/** @param {number} seed @param {Operation[]} operations @param {Product} product @returns {string} */
export function sentence(seed, operations, product) {
  const { verdict } = play(operations, product);
  const short = shortest(operations, product);
  const found = Object.entries(verdict).map(([kind, what]) => `${kind} ${what.join(", ")}`);
  return `seed ${seed}: ${found.join("; ")} after ${short.map(([kind]) => kind).join(" ")}`;
}

/** @param {Operation[]} operations that fail with this product @param {Product} product @returns {Operation[]} */
export function shortest(operations, product) {
  const [kind] = Object.keys(play(operations, product).verdict);
  return shrink(operations, (fewer) => kind in play(fewer, product).verdict);
}
