import adapter from "@sveltejs/adapter-static";
import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

// `pnpm dev` says where the supervisor listens; the page then speaks to its own origin, as it does when it is served by the supervisor.
const supervisor = process.env["MALAMAR_DEV_SUPERVISOR"] ?? "http://127.0.0.1:3456";

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter({ fallback: "index.html", precompress: true }),
      csp: {
        mode: "hash",
        directives: {
          "default-src": ["self"],
          "script-src": ["self"],
          "style-src": ["self", "unsafe-inline"],
          "img-src": ["self", "data:"],
        },
      },
    }),
  ],
  server: {
    proxy: {
      "^/malamar\\.v1\\.": { target: supervisor },
      "/healthz": { target: supervisor },
    },
  },
});
