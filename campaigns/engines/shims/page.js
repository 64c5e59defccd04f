/** Runs one file of the suite in this page, and reports each test to the server. */

import { runAll, said } from "node:test";

// A turn of the event loop in the suite's sense: about as long as a strict write takes to commit.
const TURN_MS = 4;

/** @param {object} what */
const report = (what) => fetch("/messages", { method: "POST", body: JSON.stringify(what) });

const asked = JSON.parse(document.documentElement.dataset.asked ?? "");
Object.assign(globalThis, {
  process: { env: {} },
  setImmediate: (/** @type {() => void} */ run) => setTimeout(run, TURN_MS),
});
try {
  await import(asked.file);
  await report({ names: await runAll(asked, report) });
} catch (error) {
  await report({ broken: said(error) });
}
