/** What finds faults; how code looks is prettier's, and the types of `pwa` and worker are `tsc`'s. */
import js from "@eslint/js";
import globals from "globals";

const QUEUE = ["pwa/queue/**", "pwa/shared/**"]; // page and worker run it
const NODE = ["tests/js/**", "tools/**", "bench/**", "campaigns/**", "*.js"];
// Properties of the window that read like a forgotten variable of one's own.
const MISTAKEN = ["close", "event", "length", "name", "origin", "parent", "status", "top"];

export default [
  { ignores: ["pwa/bundles/", "pwa/vendor/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 8],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "no-restricted-globals": ["error", ...MISTAKEN],
    },
  },
  { files: ["pwa/**"], ignores: QUEUE, languageOptions: { globals: globals.browser } },
  { files: QUEUE, languageOptions: { globals: globals.worker } },
  { files: ["service_worker/**"], languageOptions: { globals: globals.serviceworker } },
  { files: NODE, languageOptions: { globals: { ...globals.browser, ...globals.node } } },
];
