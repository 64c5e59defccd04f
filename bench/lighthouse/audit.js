/**
 * Runs Lighthouse over one page in a browser that is open already, and prints what it found as JSON:
 * `node audit.js PORT ADDRESS mobile|desktop`. Cookies and caches stay as the browser has them.
 */
import lighthouse, { desktopConfig } from "lighthouse";

const METRICS = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "speed-index",
  "total-blocking-time",
  "cumulative-layout-shift",
];
const [port, address, device] = process.argv.slice(2);
const flags = { port: Number(port), disableStorageReset: true, logLevel: "error" };
const result = await lighthouse(address, flags, device === "desktop" ? desktopConfig : undefined);
const { lhr } = result;
const scores = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
const metrics = METRICS.map((id) => [id, lhr.audits[id].numericValue]);
console.log(
  JSON.stringify({
    address: lhr.finalDisplayedUrl,
    error: lhr.runtimeError?.message ?? "",
    scores: Object.fromEntries(scores),
    metrics: Object.fromEntries(metrics),
    failed: failed(),
  }),
);

/** Titles of the audits that cost points, by category; metrics speak for performance. */
function failed() {
  const others = Object.values(lhr.categories).filter(({ id }) => id !== "performance");
  return others.flatMap(({ auditRefs }) =>
    auditRefs
      .filter(({ id, weight }) => weight && (lhr.audits[id].score ?? 1) < 1)
      .map(({ id }) => `${id}: ${lhr.audits[id].title}`),
  );
}
