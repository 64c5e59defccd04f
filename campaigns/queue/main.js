/** `node campaigns/queue/main.js A B threads`: seeds A to B, B not included; the findings as JSON. */

import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

import { addUp, nothing, runChunk, runSchedules } from "./chunk.js";

/** Small enough that no thread idles long at the end. */
const CHUNK = 250;

if (isMainThread) {
  const [first, end, threads] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await runAll(first, end, threads)));
} else {
  const next = new Int32Array(workerData.next);
  const sum = nothing();
  for (;;) {
    const first = workerData.first + Atomics.add(next, 0, CHUNK);
    if (first >= workerData.end) break;
    const end = Math.min(first + CHUNK, workerData.end);
    addUp(sum, runChunk(first, end));
    addUp(sum, await runSchedules(first, end));
  }
  parentPort?.postMessage(sum);
}

/** @param {number} first @param {number} end @param {number} threads */
async function runAll(first, end, threads) {
  const next = new SharedArrayBuffer(4);
  const sum = nothing();
  const work = Array.from({ length: threads }, () => runThread({ first, end, next }));
  for (const found of await Promise.all(work)) addUp(sum, found);
  return sum;
}

/** @param {{first: number, end: number, next: SharedArrayBuffer}} share */
function runThread(share) {
  const worker = new Worker(new URL(import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
}
