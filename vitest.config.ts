import { defineConfig } from "vitest/config";

// Unit tests of every package. The journeys through the real program live in e2e/ and have their own configuration.
const project = (name: string, root: string) => ({
  test: { name, root, include: ["src/**/*.test.ts"], exclude: ["**/node_modules/**"], testTimeout: 20_000 },
});

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      project("supervisor", "supervisor"),
      project("runner", "runner"),
      project("malamarctl", "clients/malamarctl"),
      project("sdk", "clients/sdk-ts"),
      "./web/vitest.config.ts",
    ],
  },
});
