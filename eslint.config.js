// Only the markup of .svelte files: oxlint reads everything else, their scripts included.
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

export default [
  { ignores: ["**/node_modules/", "**/build/", "**/.svelte-kit/", "**/dist/"] },
  ...svelte.configs.recommended,
  {
    files: ["web/**/*.svelte"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"] } },
    rules: {
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
      "svelte/button-has-type": "error",
      "svelte/no-target-blank": "error",
    },
  },
  {
    files: ["web/**/*.svelte.ts"],
    languageOptions: { parser: ts.parser },
  },
];
