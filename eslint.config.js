// Only .svelte files: oxlint reads everything else, and their scripts too.
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

export default [
  { ignores: ["**/node_modules/", "**/build/", "**/.svelte-kit/", "**/dist/", "**/*.svelte.ts"] },
  ...svelte.configs.recommended,
  {
    files: ["web/**/*.svelte"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"] } },
    rules: {
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
      "svelte/button-has-type": "error",
      "svelte/no-target-blank": "error",
      // It reads the reason behind a "svelte-ignore" as more rule names; svelte-check reports unused ones.
      "svelte/no-unused-svelte-ignore": "off",
      // Malamar is served at the root of its own port, so a plain path is the path.
      "svelte/no-navigation-without-resolve": "off",
    },
  },
];
