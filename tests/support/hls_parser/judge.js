// Reads playlists as JSON strings, one a line; answers each with a JSON line: {"errors": [...]}.
import readline from "node:readline";
import HLS from "hls-parser";

HLS.setOptions({ strictMode: true, silent: true });

for await (const line of readline.createInterface({ input: process.stdin })) {
  const errors = [];
  try {
    HLS.parse(JSON.parse(line));
  } catch (error) {
    errors.push(String(error.message ?? error));
  }
  process.stdout.write(`${JSON.stringify({ errors })}\n`);
}
