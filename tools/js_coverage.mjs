/**
 * Fails, with file and line, where no test ran a block of a folder's modules: `node tools/js_coverage.mjs
 * REPORTS FOLDER`. The reports are V8's own, one for each process of one run of the tests.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [reports, folder] = process.argv.slice(2);
const results = readdirSync(reports).flatMap((name) => resultsOf(join(reports, name)));
const missed = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith(".js"))
  .flatMap((name) => missedLines(join(folder, name)));
for (const line of missed) console.error(`${line} was run by no test`);
process.exitCode = missed.length ? 1 : 0;

function resultsOf(report) {
  return JSON.parse(readFileSync(report, "utf8")).result;
}

/** Where each gap begins. */
function missedLines(path) {
  const text = readFileSync(path, "utf8");
  const { href } = pathToFileURL(resolve(path));
  const runs = results.filter(({ url }) => url === href).map((one) => ranIn(one, text.length));
  const lines = new Set();
  let inGap = false;
  for (const { index } of text.matchAll(/\S/g)) {
    const missing = !runs.some((ran) => ran[index]);
    if (missing && !inGap) lines.add(text.slice(0, index).split("\n").length);
    inGap = missing;
  }
  return [...lines].map((line) => `${path}:${line}`);
}

/** Which characters ran in one process: the ranges within another one count for themselves. */
function ranIn({ functions }, length) {
  const ran = new Uint8Array(length);
  const ranges = functions.flatMap((one) => one.ranges);
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges)
    ran.fill(Math.min(count, 1), startOffset, endOffset);
  return ran;
}
