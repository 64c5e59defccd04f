/**
 * Bundles what browsers load into pwa/bundles/ of the folder given (here by default): the pages' scripts
 * and styles with hashed names and the service worker, each with its source map and compressed, and
 * `graph.json`, which says what each file imports, of which sources the bundles were made, and the
 * sentences that the pages' templates show.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { posix, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";

import { build } from "esbuild";

const root = resolve(process.argv[2] ?? ".");
const folder = "pwa/bundles";
const pages = {
  phone: "pwa/capture/main.js",
  desktop: "pwa/desktop/main.js",
  "sign-in": "pwa/page/sign-in/page.js",
};
const styles = {
  "phone-style": "pwa/styles/phone.css",
  "desktop-style": "pwa/styles/desktop.css",
  "print-style": "pwa/styles/print.css",
  "sign-in-style": "pwa/styles/sign-in.css",
  "trust-style": "pwa/styles/trust.css",
};
const worker = { sw: "service_worker/sw.js" };
const mains = new Set(Object.values({ ...pages, ...styles, ...worker }));
const catalogues = {
  phone: "pwa/page/words/phone.js",
  desktop: "pwa/page/words/desktop.js",
  signIn: "pwa/page/words/sign-in.js",
};
const common = {
  absWorkingDir: root,
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  sourcemap: true,
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
};

const built = await Promise.all([
  build({
    ...common,
    entryPoints: existing(pages),
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    splitting: true,
  }),
  build({
    ...common,
    entryPoints: existing(styles),
    entryNames: "[name]-[hash]",
    // Pictures keep their addresses.
    external: ["*.svg", "*.png", "*.webp", "*.ico", "*.woff2"],
  }),
  // The server makes the list of the shell's files, and serves the worker from another folder.
  build({ ...common, entryPoints: existing(worker), external: ["./precache.js"] }),
]);
await rm(posix.join(root, folder), { recursive: true, force: true });
await mkdir(posix.join(root, folder), { recursive: true });
for (const { path, contents: made, text } of built.flatMap(({ outputFiles }) => outputFiles)) {
  const served = text.replace("sourceMappingURL=sw.js", `sourceMappingURL=/${folder}/sw.js`);
  const contents = path.endsWith("/sw.js") ? Buffer.from(served) : made;
  await writeFile(path, contents);
  if (!path.endsWith(".map")) await writeFile(`${path}.br`, brotliCompressSync(contents));
}
await writeFile(posix.join(root, folder, "graph.json"), JSON.stringify(await graph()));

/** @param {Record<string, string>} entries */
function existing(entries) {
  return Object.fromEntries(
    Object.entries(entries).filter(([, path]) => existsSync(posix.join(root, path))),
  );
}

async function graph() {
  const inputs = Object.assign({}, ...built.map(({ metafile }) => metafile.inputs));
  const outputs = Object.assign({}, ...built.map(({ metafile }) => metafile.outputs));
  const made = Object.entries(outputs).filter(([path]) => !path.endsWith(".map"));
  const digests = Object.keys(inputs).map(async (path) => [`/${path}`, await digest(path)]);
  return {
    sources: Object.fromEntries(await Promise.all(digests)),
    modules: imports(Object.entries(inputs)),
    bundles: imports(made),
    entries: Object.fromEntries(
      made
        .filter(([, { entryPoint }]) => mains.has(entryPoint))
        .map(([path, { entryPoint }]) => [`/${entryPoint}`, `/${path}`]),
    ),
    words: Object.fromEntries(
      await Promise.all(
        Object.entries(existing(catalogues)).map(async ([name, path]) => [name, await words(path)]),
      ),
    ),
  };
}

/** The sentences of a catalogue that have no gaps. @param {string} path */
async function words(path) {
  const [catalogue] = Object.values(await import(pathToFileURL(posix.join(root, path)).href));
  return Object.fromEntries(
    Object.entries(catalogue).filter(([, sentence]) => typeof sentence === "string"),
  );
}

/** @param {string} path */
async function digest(path) {
  return createHash("sha256")
    .update(await readFile(posix.join(root, path)))
    .digest("hex");
}

/**
 * What each file needs before it runs, and what it may load later.
 * @param {[string, {imports: {path: string, kind: string, external?: boolean}[]}][]} files
 */
function imports(files) {
  const of = (/** @type {any[]} */ list, /** @type {boolean} */ later) =>
    list
      .filter(({ kind, external }) => !external && (kind === "dynamic-import") === later)
      .map(({ path }) => `/${path}`);
  return Object.fromEntries(
    files.map(([path, { imports: list }]) => [
      `/${path}`,
      { static: of(list, false), dynamic: of(list, true) },
    ]),
  );
}
