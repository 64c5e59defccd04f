/**
 * Network faults: what happens to a request between phone and server. It arrives and its answer
 * comes back, or it meets a fault of real links.
 *
 * @typedef {object} Outcome
 * @property {"now" | "later" | "never"} arrives at the server
 * @property {{status: number, ours: boolean, code?: string, retryAfterMs?: number | null} | null} instead
 *   what the phone receives in place of the server's answer; status 0 is no answer
 * @property {boolean} [flipped] a bit of the bytes changed on the way
 * @property {boolean} [swapped] a node in between repeats its answer about another photo
 */

/** @import { Random } from "./random.js" */

export const NETWORK_STATES = [
  "good", "good", "good", "flaky", "flaky", "down", "portal", "busy", "store-down", "signed-out", "skewed", "odd",
  "limit", "all-refused",
]; // prettier-ignore

/** States in which one kind of request is refused for every photo. */
export const FOR_ALL = new Set(["skewed", "limit", "all-refused"]);

/** @type {Outcome} */
const ARRIVES = { arrives: "now", instead: null };
const SILENT = { status: 0, ours: false };

/** @type {Record<string, (kind: string, random: Random) => Outcome>} */
const OUTCOMES = {
  good: () => ARRIVES,
  flaky: (kind, random) => (random.chance(0.5) ? ARRIVES : flaky(kind, random)),
  down: (_, random) => ({ arrives: random.chance(0.1) ? "later" : "never", instead: SILENT }),
  portal: (_, random) => ({ arrives: "never", instead: portal(random) }),
  busy: (kind, random) => (kind === "put" ? ARRIVES : { arrives: "never", instead: busy(random) }),
  "store-down": (kind, random) => storeDown(kind, random),
  "signed-out": (kind, random) =>
    kind === "put" ? ARRIVES : { arrives: "never", instead: unauthenticated(random) },
  skewed: (kind) => (kind === "put" ? onlyAnswer({ status: 403, ours: false }) : ARRIVES),
  limit: (kind) => (kind === "put" ? onlyAnswer({ status: 413, ours: false }) : ARRIVES),
  "all-refused": (kind) =>
    kind === "presign" ? onlyAnswer({ status: 400, ours: true, code: "invalid-field" }) : ARRIVES,
  odd: (kind, random) =>
    kind === "put" || random.chance(0.5) ? ARRIVES : onlyAnswer({ status: 418, ours: true }),
};

/** @param {string} network @param {string} kind @param {Random} random @returns {Outcome} */
export const outcomeOf = (network, kind, random) => OUTCOMES[network](kind, random);

/** @param {string} kind @param {Random} random @returns {Outcome} */
function flaky(kind, random) {
  const outcomes = [
    { arrives: "now", instead: SILENT },
    { arrives: "later", instead: SILENT },
    { arrives: "never", instead: SILENT },
    { arrives: "never", instead: portal(random) },
    { arrives: "now", instead: busy(random) },
    { arrives: "never", instead: kind === "put" ? SILENT : unauthenticated(random) },
    { arrives: "now", instead: null, flipped: kind === "put" },
    { arrives: "never", instead: SILENT, swapped: kind === "complete" },
  ];
  return /** @type {Outcome} */ (random.pick(outcomes));
}

/** @param {string} kind @param {Random} random @returns {Outcome} */
function storeDown(kind, random) {
  if (kind === "put") return onlyAnswer(random.chance(0.5) ? SILENT : { status: 503, ours: false });
  const refused = kind === "complete" && random.chance(0.5);
  return refused ? onlyAnswer({ status: 503, ours: true, code: "store-unavailable" }) : ARRIVES;
}

/** @param {Random} random */
function portal(random) {
  return { status: random.pick([200, 200, 302, 511]), ours: false };
}

/** @param {Random} random */
function busy(random) {
  const codes = [
    [503, "database-busy"],
    [503, "unavailable"],
    [429, "rate-limited"],
    [507, "storage-full"],
    [500, "internal"],
    [502, undefined],
  ];
  const [status, code] = /** @type {[number, string]} */ (random.pick(codes));
  return { status, code, ours: true, retryAfterMs: random.pick([null, 1_000, 5_000, 60_000]) };
}

/** @param {Random} random */
function unauthenticated(random) {
  const [status, code] = /** @type {[number, string]} */ (
    random.pick([
      [401, "unauthenticated"],
      [403, "session-pending"],
      [401, undefined],
    ])
  );
  return { status, code, ours: true };
}

/** @param {Outcome["instead"]} instead @returns {Outcome} */
const onlyAnswer = (instead) => ({ arrives: "never", instead });
