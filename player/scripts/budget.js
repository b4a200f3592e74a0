// Fails the build when a page would send more than its share: sizes are gzip, in kB of 1000 bytes.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist", import.meta.url).pathname;
const BUDGETS = [
  { what: "hls.js", files: /^hls-/, kB: 200 }, // 190 kB as its authors ship it
  { what: "uPlot", files: /^uPlot\b.*\.js$/, kB: 25 }, // the compare page alone loads it
  { what: "compare page", files: /^compare-.*\.js$/, kB: 20 },
  { what: "watch page", files: /^page-.*\.js$/, kB: 20 },
  { what: "other own scripts", files: /^(?!hls-|uPlot\b|compare-|page-).*\.js$/, kB: 45 }, // 4 of them draw the QR code
  { what: "styles", files: /\.css$/, kB: 9 },
];

const assets = readdirSync(join(DIST, "assets"));
let failed = false;
for (const { what, files, kB } of BUDGETS) {
  const sizes = assets
    .filter((name) => files.test(name))
    .map((name) => gzipSync(readFileSync(join(DIST, "assets", name))).length);
  const total = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  const over = total > kB || sizes.length === 0;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "} ${what}: ${total.toFixed(1)} of ${kB} kB in ${sizes.length} files`);
}
if (failed) process.exitCode = 1;
