/**
 * Node's test runner as far as the queue's suite uses it, in a page: tests run one after the other,
 * and an uncaught error belongs to the test that was running.
 */

/** @typedef {{name: string, run: (t: Context) => unknown}} Test */
/** @typedef {{test: string, ok: boolean, message: string, ms: number}} Outcome */

// The longest test plays 500 photos through strict writes, on a machine that may do other work beside.
const LIMIT_MS = 180_000;

/** @type {Test[]} */
const tests = [];
/** @type {unknown[]} */
let uncaught = [];

/**
 * @param {string} name
 * @param {(t: Context) => unknown} run
 */
export default function test(name, run) {
  tests.push({ name, run });
}

/** What a test is handed. */
class Context {
  /** @type {(() => unknown)[]} */
  #ends = [];

  /** @param {() => unknown} end runs when the test is over, in the order of asking */
  after(end) {
    this.#ends.push(end);
  }

  diagnostic() {}

  async end() {
    for (const end of this.#ends) await end();
  }
}

/**
 * Runs what the loaded file has registered.
 * @param {{without: string[], only: string[]}} asked names of tests: all but some, or some only
 * @param {(outcome: Outcome) => Promise<unknown>} report
 * @returns {Promise<string[]>} every name there is
 */
export async function runAll({ without, only }, report) {
  for (const one of tests) {
    const wanted = only.length > 0 ? only.includes(one.name) : !without.includes(one.name);
    if (wanted) await report(await runOne(one));
  }
  return tests.map(({ name }) => name);
}

/** @param {unknown} work */
function withinLimit(work) {
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error("the test does not end")), LIMIT_MS),
  );
  return Promise.race([work, late]);
}

/**
 * @param {Test} one
 * @returns {Promise<Outcome>}
 */
async function runOne({ name, run }) {
  const context = new Context();
  const began = performance.now();
  uncaught = [];
  try {
    await withinLimit(run(context));
    await context.end();
    if (uncaught.length > 0) throw uncaught[0];
  } catch (error) {
    return { test: name, ok: false, message: said(error), ms: performance.now() - began };
  }
  return { test: name, ok: true, message: "", ms: performance.now() - began };
}

/** @param {unknown} error */
export const said = (error) =>
  error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);

addEventListener("error", (event) => uncaught.push(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => uncaught.push(event.reason));
