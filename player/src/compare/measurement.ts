/** Pure: what was measured of a stream over its paths: a value that is shown, exported and shared. */

import type { Method } from "../latency/meter.ts";
import { percentile, type Sample } from "../latency/series.ts";
import type { Waterfall } from "../latency/waterfall.ts";
import type { Path } from "./paths.ts";

export interface LatencySummary {
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly max_ms: number | null;
  readonly samples: number;
}

export interface PathFigures {
  readonly stalls: number;
  readonly dropped: number;
  readonly bitrate_bps: number | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Of the ladder, such as `720p`; null over WebRTC, where it is what the publisher sends. */
  readonly rung: string | null;
  /** Seconds of media that wait to be played; over WebRTC, in the jitter buffer. */
  readonly buffer_s: number | null;
  /** From the start of the player to its first picture. */
  readonly join_ms: number | null;
}

/** What is known of a path at the moment. */
export interface PathState {
  readonly figures: PathFigures;
  /** Where the time of the newest pictures went; null while it is not known. */
  readonly waterfall: Waterfall | null;
}

export interface PathMeasurement extends PathState {
  readonly path: Path;
  /** By what the latency is known; null while it is not. */
  readonly method: Method | null;
  readonly latency: LatencySummary;
  /** Latencies in ms, oldest first; `atMs` counts from the beginning of the measurement. */
  readonly samples: readonly Sample[];
}

export interface Measurement {
  readonly stream: string;
  /** Latency profile of the node: `standard`, `ultra`. */
  readonly profile: string;
  /** Unix time on the node's clock. */
  readonly started_ms: number;
  readonly duration_ms: number;
  /** How far the clock of the page may be off the node's: plus or minus. */
  readonly clockError_ms: number | null;
  readonly paths: readonly PathMeasurement[];
}

export function summarize(samples: readonly Sample[]): LatencySummary {
  const values = samples.map(({ value }) => value);
  return {
    p50_ms: percentile(values, 0.5),
    p95_ms: percentile(values, 0.95),
    max_ms: percentile(values, 1),
    samples: values.length,
  };
}
