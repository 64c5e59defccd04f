/**
 * Bundles each third-party browser library by itself into pwa/vendor/, from node_modules.
 * Only what the pages use is taken: ably/modular with three parts weighs a third less than all of it.
 */
import { writeFile } from "node:fs/promises";

import { build } from "esbuild";

const LIBRARIES = {
  idb: 'export { openDB, deleteDB, unwrap } from "idb";',
  ably: 'export { BaseRealtime, WebSocketTransport, FetchRequest } from "ably/modular";',
};

for (const [name, contents] of Object.entries(LIBRARIES)) {
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile: `pwa/vendor/${name}.js`,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "inline",
    logLevel: "warning",
  });
  // The minified file says nothing about types; the package it was made from does.
  await writeFile(`pwa/vendor/${name}.d.ts`, `${contents}\n`);
}
