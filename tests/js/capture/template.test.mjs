/** The phone's template and its catalogue fit together. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const ROOT = new URL("../../../pwa/", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const html = read("templates/mobile.html");
const scripts = readdirSync(new URL("capture/", ROOT), { recursive: true })
  .filter((name) => name.endsWith(".js"))
  .map((name) => read(`capture/${name}`));
const found = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

test("every part that a script asks for is in the template, once", () => {
  const ids = found(html, /\bid="([\w-]+)"/g);
  const wanted = scripts.flatMap((text) => found(text, /byId\("([\w-]+)"\)/g));

  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(
    wanted.filter((id) => !ids.includes(id)),
    [],
  );
});

test("no sentence stands in a script of the phone", () => {
  const sentences = scripts.flatMap((text) =>
    found(
      text.replaceAll(/\/\*[^]*?\*\//g, ""),
      /(?:say|append|make)\([^)]*"([A-Z][a-z]+ [^"]*)"/g,
    ),
  );

  assert.deepEqual(sentences, []);
});

test("the file picker takes several pictures and does not force the camera", () => {
  const [input] = found(html, /(<input id="files"[^>]*>)/g);

  assert.match(input, /accept="image\/\*" multiple/);
  assert.doesNotMatch(input, /capture/);
});
