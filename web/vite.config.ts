import adapter from "@sveltejs/adapter-static";
import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

// `pnpm dev` says where the supervisor listens; the page then speaks to its own origin, as it does when it is served by the supervisor.
const supervisor = process.env["MALAMAR_DEV_SUPERVISOR"] ?? `http://127.0.0.1:${process.env["MALAMAR_PORT"] ?? "3456"}`;

// The supervisor answers only to its own origin, so the proxy speaks in its name.
const proxied = { target: supervisor, changeOrigin: true, headers: { origin: supervisor } };

// Built from within a test run, NODE_ENV says "test", and the page would carry the framework's development code.
if (process.argv.includes("build")) process.env["NODE_ENV"] = "production";

export default defineConfig({
  plugins: [
    sveltekit({
      // One script and one style sheet: over HTTP/1.1 every file more costs the page a round trip, and its headers more than it saves.
      output: { bundleStrategy: "single" },
      adapter: adapter({ fallback: "index.html", precompress: true }),
      // Only scripts that came with the page run, and nothing is loaded from elsewhere: what agents write is hostile until proven otherwise.
      // Kit adds the hash of its own start script.
      csp: {
        mode: "hash",
        directives: {
          "default-src": ["none"],
          "script-src": ["self"],
          // The hash is that of the style attribute on the element in which Kit tells screen readers of a new page.
          "style-src": ["self", "unsafe-hashes", "sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo="],
          "img-src": ["self", "data:"],
          "font-src": ["self"],
          "connect-src": ["self"],
          "manifest-src": ["self"],
          "form-action": ["self"],
          "base-uri": ["none"],
          "require-trusted-types-for": ["script"],
          "trusted-types": ["svelte-trusted-html"],
        },
      },
    }),
  ],
  server: {
    proxy: { "^/malamar\\.v1\\.": proxied, "/healthz": proxied },
  },
});
