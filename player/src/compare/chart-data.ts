/** Pure: latencies over time as columns of equal time, for the chart, its table, and what is shared. */

import type { Sample } from "../latency/series.ts";

/** `undefined`: none came in this time, and the line goes on; `null`: none came for so long that there is a gap. */
export type Height = number | null | undefined;

export interface Columns {
  /** Where each column begins. */
  readonly atMs: readonly number[];
  /** For each series the highest value of each column: a peak must not hide. */
  readonly series: readonly (readonly Height[])[];
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const STEPS_MS = [500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000];
const GAP_MS = 2000; // a player is looked at six times a second; on a busy machine, less often

/** The newest `lengthMs` of a measurement, or all of it; never without length. */
export function spanOf(lengthMs: number, durationMs: number): Span {
  const toMs = Math.max(durationMs, STEPS_MS[0] ?? 1);
  return { fromMs: Math.max(0, toMs - lengthMs), toMs };
}

/** At most `most` columns, on round times, so that they stand still while the span moves on. */
export function columnsOf(samples: readonly (readonly Sample[])[], { fromMs, toMs }: Span, most: number): Columns {
  const least = (toMs - fromMs) / Math.max(1, most - 2);
  const stepMs = STEPS_MS.find((step) => step >= least) ?? least;
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const count = Math.floor((toMs - firstMs) / stepMs) + 1;
  const atMs = Array.from({ length: count }, (_, column) => firstMs + column * stepMs);
  return { atMs, series: samples.map((one) => withGaps(highest(one, firstMs, stepMs, count), stepMs)) };
}

function highest(samples: readonly Sample[], firstMs: number, stepMs: number, count: number): Height[] {
  const heights = new Array<Height>(count).fill(undefined);
  for (let index = samples.length - 1; index >= 0; index--) {
    const sample = samples[index];
    if (sample === undefined || sample.atMs < firstMs) break; // the oldest come first
    const column = Math.floor((sample.atMs - firstMs) / stepMs);
    if (column < count) heights[column] = Math.max(heights[column] ?? -Infinity, sample.value);
  }
  return heights;
}

function withGaps(heights: Height[], stepMs: number): Height[] {
  let from = 0;
  heights.forEach((height, column) => {
    if (height === undefined) return;
    if ((column - from) * stepMs > GAP_MS) heights.fill(null, from, column);
    from = column + 1;
  });
  return heights;
}
