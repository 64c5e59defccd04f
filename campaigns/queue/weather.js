/**
 * What becomes of a request between phone and server: it arrives and its answer comes back, or any
 * of the lies and silences of real links.
 *
 * @typedef {object} Fate
 * @property {"now" | "later" | "never"} arrives at the server
 * @property {{status: number, ours: boolean, code?: string, retryAfterMs?: number | null} | null} instead
 *   what the phone is told in place of the server's answer; status 0 is no answer
 * @property {boolean} [flipped] a bit of the bytes changed on the way
 * @property {boolean} [swapped] something in between answers with what it once heard about another
 */

/** @import { Random } from "./random.js" */

export const WEATHERS = [
  "good", "good", "good", "flaky", "flaky", "down", "portal", "busy", "store-down", "signed-out", "skewed", "odd",
  "limit", "all-refused",
]; // prettier-ignore

/** In these whatever comes to one gate is refused, whichever photo it is. */
export const FOR_ALL = new Set(["skewed", "limit", "all-refused"]);

/** @type {Fate} */
const ARRIVES = { arrives: "now", instead: null };
const SILENT = { status: 0, ours: false };

/** @type {Record<string, (kind: string, random: Random) => Fate>} */
const FATES = {
  good: () => ARRIVES,
  flaky: (kind, random) => (random.chance(0.5) ? ARRIVES : flaky(kind, random)),
  down: (_, random) => ({ arrives: random.chance(0.1) ? "later" : "never", instead: SILENT }),
  portal: (_, random) => ({ arrives: "never", instead: portal(random) }),
  busy: (kind, random) => (kind === "put" ? ARRIVES : { arrives: "never", instead: busy(random) }),
  "store-down": (kind, random) => storeDown(kind, random),
  "signed-out": (kind, random) =>
    kind === "put" ? ARRIVES : { arrives: "never", instead: person(random) },
  skewed: (kind) => (kind === "put" ? told({ status: 403, ours: false }) : ARRIVES),
  limit: (kind) => (kind === "put" ? told({ status: 413, ours: false }) : ARRIVES),
  "all-refused": (kind) =>
    kind === "presign" ? told({ status: 400, ours: true, code: "invalid-field" }) : ARRIVES,
  odd: (kind, random) =>
    kind === "put" || random.chance(0.5) ? ARRIVES : told({ status: 418, ours: true }),
};

/** @param {string} weather @param {string} kind @param {Random} random @returns {Fate} */
export const fateOf = (weather, kind, random) => FATES[weather](kind, random);

/** @param {string} kind @param {Random} random @returns {Fate} */
function flaky(kind, random) {
  const fates = [
    { arrives: "now", instead: SILENT },
    { arrives: "later", instead: SILENT },
    { arrives: "never", instead: SILENT },
    { arrives: "never", instead: portal(random) },
    { arrives: "now", instead: busy(random) },
    { arrives: "never", instead: kind === "put" ? SILENT : person(random) },
    { arrives: "now", instead: null, flipped: kind === "put" },
    { arrives: "never", instead: SILENT, swapped: kind === "complete" },
  ];
  return /** @type {Fate} */ (random.pick(fates));
}

/** @param {string} kind @param {Random} random @returns {Fate} */
function storeDown(kind, random) {
  if (kind === "put") return told(random.chance(0.5) ? SILENT : { status: 503, ours: false });
  const refused = kind === "complete" && random.chance(0.5);
  return refused ? told({ status: 503, ours: true, code: "store-unavailable" }) : ARRIVES;
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
function person(random) {
  const [status, code] = /** @type {[number, string]} */ (
    random.pick([
      [401, "unauthenticated"],
      [403, "session-pending"],
      [401, undefined],
    ])
  );
  return { status, code, ours: true };
}

/** @param {Fate["instead"]} instead @returns {Fate} */
const told = (instead) => ({ arrives: "never", instead });
