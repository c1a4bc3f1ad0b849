import { defineConfig } from "vitest/config";

// Journeys through the real program. Each file has a server of its own; two files at a time fill a small machine.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["journeys/**/*.spec.ts"],
    globalSetup: ["global-setup.ts"],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
