/** Pure: the last minute of latency as the points of an SVG polyline. */

import type { Sample } from "../latency/series.ts";

export const SPARKLINE = { width: 300, height: 48 } as const;
const STEPS_MS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000];
const POINTS = 150; // two pixels each

export interface Curve {
  /** `x,y x,y ...`, y from zero at the bottom to `topMs` at the top. */
  readonly points: string;
  readonly topMs: number;
}

export function curve(samples: readonly Sample[], fromMs: number, toMs: number): Curve {
  const highest = samples.reduce((most, { value }) => Math.max(most, value), 0);
  const topMs = STEPS_MS.find((step) => step >= highest) ?? highest;
  const every = Math.max(1, Math.ceil(samples.length / POINTS));
  const points = samples
    .filter((_, index) => index % every === 0)
    .map(({ atMs, value }) => {
      const x = ((atMs - fromMs) / (toMs - fromMs)) * SPARKLINE.width;
      const y = SPARKLINE.height - (Math.max(0, value) / topMs) * SPARKLINE.height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
  return { points: points.join(" "), topMs };
}
