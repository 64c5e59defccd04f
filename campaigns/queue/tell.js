/** `node campaigns/queue/tell.js seed [control]`: what people saw in one history, then its verdict. */

import { CONTROLS } from "./controls.js";
import { play } from "./play.js";
import { PRODUCT } from "./product.js";
import { turnsOf } from "./turns.js";

const [seed, control] = process.argv.slice(2);
const product = control ? CONTROLS[control] : PRODUCT;
const { verdict } = play(turnsOf(Number(seed)), product, (event) =>
  console.log(JSON.stringify(event)),
);
console.log(JSON.stringify(verdict));
