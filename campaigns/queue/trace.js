/** `node campaigns/queue/trace.js seed [control]`: the trace of one history, then its verdict. */

import { CONTROLS } from "./controls.js";
import { play } from "./play.js";
import { PRODUCT } from "./product.js";
import { operationsOf } from "./operations.js";

const [seed, control] = process.argv.slice(2);
const product = control ? CONTROLS[control] : PRODUCT;
const { verdict } = play(operationsOf(Number(seed)), product, (event) =>
  console.log(JSON.stringify(event)),
);
console.log(JSON.stringify(verdict));
