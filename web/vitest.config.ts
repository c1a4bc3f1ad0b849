import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The state classes as a browser runs them: compiled for it, with Svelte's own code for it. They need no page to be tested.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ["browser", "module", "import", "default"] },
  test: {
    name: "web",
    environment: "./fixtures/browser-environment.ts",
    include: ["src/**/*.test.ts"],
    testTimeout: 20_000,
    server: { deps: { inline: [/svelte/] } },
  },
});
