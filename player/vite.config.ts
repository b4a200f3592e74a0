import { defineConfig } from "vitest/config";

export default defineConfig({
  appType: "mpa",
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the pages' Content-Security-Policy allows no inline script, style or data
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // kB, not compressed: hls.js; scripts/budget.js watches what is sent
    rollupOptions: {
      input: [
        "index.html",
        "publish.html",
        "watch.html",
        "embed.html",
        "compare.html",
        "recordings.html",
        "error.html",
      ],
    },
  },
  worker: { format: "es" },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
