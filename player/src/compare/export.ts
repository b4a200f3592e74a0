/** Pure: a measurement as files: their names and their text. */

import type { Measurement } from "./measurement.ts";
import { toPlain } from "./measurement-json.ts";

/** All of it, for programs: format `tandem-measurement`, version 1. */
export function toJson(measurement: Measurement): string {
  return `${JSON.stringify(toPlain(measurement), null, 1)}\n`;
}

/** A line for each sample, for spreadsheets (RFC 4180); seconds count from the beginning. */
export function toCsv({ paths }: Measurement): string {
  const lines = ["at_s,path,method,latency_ms"];
  for (const { path, method, samples } of paths) {
    for (const { atMs, value } of samples) {
      lines.push(`${(atMs / 1000).toFixed(3)},${path},${method ?? ""},${value.toFixed(1)}`);
    }
  }
  return lines.map((line) => `${line}\r\n`).join("");
}

/** `tandem-STREAM-20261125T141233Z.json`. */
export function fileName({ stream, started_ms }: Measurement, extension: "json" | "csv" | "png"): string {
  const started = new Date(started_ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return `tandem-${stream}-${started}Z.${extension}`;
}
