/** Pure: where the time of a path goes, as the rows of a table and the pieces of a bar. */

import { formatLatency } from "../format.ts";
import type { Waterfall } from "../latency/waterfall.ts";

export interface Row {
  readonly name: string;
  readonly kind: "stage" | "unseen" | "remainder";
  readonly text: string;
  /** Of the bar, 0 to 1; all rows together are 1, unless nothing took any time. */
  readonly share: number;
}

/** The stages in their order, and what none of them accounts for. A stage that nobody saw has no share of its own. */
export function rowsOf({ stages, remainder_ms }: Waterfall): readonly Row[] {
  const pieces = [
    ...stages.map(({ name, ms, known }) => ({ name, ms, kind: known ? ("stage" as const) : ("unseen" as const) })),
    { name: "remainder", ms: remainder_ms, kind: "remainder" as const },
  ];
  const length_ms = pieces.reduce((sum, { ms }) => sum + Math.max(0, ms), 0);
  return pieces.map(({ name, ms, kind }) => ({
    ...{ name, kind },
    text: kind === "unseen" ? "not seen" : formatLatency(ms),
    share: length_ms > 0 ? Math.max(0, ms) / length_ms : 0, // clocks that disagree make a short stage less than nothing
  }));
}
