/** Runs one file of the suite in this page, and tells the server of it test by test. */

import { runAll, said } from "node:test";

// A turn of the event loop in the suite's sense: about as long as a strict write takes to commit.
const TURN_MS = 4;

/** @param {object} what */
const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) });

const asked = JSON.parse(document.documentElement.dataset.asked ?? "");
Object.assign(globalThis, {
  process: { env: {} },
  setImmediate: (/** @type {() => void} */ run) => setTimeout(run, TURN_MS),
});
try {
  await import(asked.file);
  await tell({ names: await runAll(asked, tell) });
} catch (error) {
  await tell({ broken: said(error) });
}
