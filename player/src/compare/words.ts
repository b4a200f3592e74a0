/** Pure: what a measurement says, in words and figures. */

import type { Method } from "../latency/meter.ts";
import type { Sighting } from "../playback/stream-feed.ts";
import {
  countOf,
  formatBitrate,
  formatCount,
  formatDuration,
  formatLatency,
  formatSeconds,
  formatSize,
  UNKNOWN,
} from "../format.ts";
import type { Measurement, PathMeasurement } from "./measurement.ts";
import { type Path, titleOf } from "./paths.ts";

/** What the figures of a path are called, in order; their texts are those of `figureTexts`. */
export const LATENCY_FIGURES = { p50: "Median", p95: "95 % below", max: "Highest" } as const;
export const PLAYER_FIGURES = {
  stalls: "Stalls",
  dropped: "Dropped",
  bitrate: "Bit rate",
  rung: "Rung",
  size: "Size",
  buffer: "Buffer",
  join: "Join time",
  clock: "Clock",
} as const;
export type Figure = keyof typeof LATENCY_FIGURES | keyof typeof PLAYER_FIGURES | "method";

const METHODS: Readonly<Record<Method, string>> = {
  timecode: "by the time code in the picture",
  capture: "by the publisher's capture clock",
};

/** "± 0.6 ms". */
export function formatError(ms: number | null): string {
  return ms === null ? UNKNOWN : `± ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function figureTexts(
  { path, method, latency, figures }: PathMeasurement,
  clockError_ms: number | null,
): Record<Figure, string> {
  const { buffer_s } = figures;
  return {
    method: method === null ? "not measured yet" : METHODS[method],
    p50: formatLatency(latency.p50_ms),
    p95: formatLatency(latency.p95_ms),
    max: formatLatency(latency.max_ms),
    stalls: formatCount(figures.stalls),
    dropped: formatCount(figures.dropped),
    bitrate: formatBitrate(figures.bitrate_bps),
    rung: path === "whep" ? "published" : (figures.rung ?? UNKNOWN),
    size: formatSize(figures.width, figures.height),
    buffer: buffer_s !== null && buffer_s < 1 ? formatLatency(buffer_s * 1000) : formatSeconds(buffer_s),
    join: formatLatency(figures.join_ms),
    clock: formatError(clockError_ms),
  };
}

/** How far the first path is ahead of the others, by what is given of each; empty of less than two. */
export function compareLatencies(latencies: readonly (readonly [Path, number])[], profile: string): string {
  const [first, ...others] = latencies;
  if (first === undefined || others.length === 0) return "";
  const distances = others.map(([path, ms]) => {
    const by = ms - first[1];
    return `${formatLatency(Math.abs(by))} ${by >= 0 ? "ahead of" : "behind"} ${titleOf(path, profile)}`;
  });
  return `${titleOf(first[0], profile)} is ${distances.join(" and ")}.`;
}

/** "Measured on 2026-11-25 at 14:12 UTC for 2:10". */
export function describeFinished({ started_ms, duration_ms }: Measurement): string {
  const started = new Date(started_ms).toISOString();
  return `Measured on ${started.slice(0, 10)} at ${started.slice(11, 16)} UTC for ${formatDuration(duration_ms)}`;
}

const SIGHTINGS = {
  starting: "Starting",
  live: "Live",
  interrupted: "Interrupted: waiting for the publisher",
} as const;

/** What the node says of the stream; `nowMs` on its clock. */
export function describeSighting(sighting: Sighting, nowMs: number): string {
  if (sighting === undefined) return "The node does not answer.";
  if (sighting === null) return "Not live now; this page starts to play when it is.";
  const since = formatDuration(nowMs - sighting.started_ms);
  return `${SIGHTINGS[sighting.state]} · ${since} · ${countOf(sighting.viewers, "WebRTC viewer")}`;
}
