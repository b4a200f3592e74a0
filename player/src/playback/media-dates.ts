/** Pure: between places in a playlist's media and the capture instants that EXT-X-PROGRAM-DATE-TIME gives them. */

/** One listed segment. `dateMs` is the Unix time of its first picture; null where the playlist does not tell. */
export interface DatedSegment {
  readonly start_s: number;
  readonly duration_s: number;
  readonly dateMs: number | null;
}

export interface DateWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** When the picture at a place was captured; beyond the last segment the last one's clock goes on. */
export function dateAt(segments: readonly DatedSegment[], position_s: number): number | null {
  const dated = segments.filter(({ dateMs }) => dateMs !== null);
  const segment = dated.findLast(({ start_s }) => start_s <= position_s) ?? dated[0];
  return segment === undefined ? null : (segment.dateMs ?? 0) + (position_s - segment.start_s) * 1000;
}

/** Where the picture of an instant is: at the nearest segment's edge if it falls into a gap or before all of them. */
export function positionAt(segments: readonly DatedSegment[], dateMs: number): number | null {
  const dated = segments.filter((segment) => segment.dateMs !== null);
  const segment = dated.findLast((each) => (each.dateMs ?? 0) <= dateMs) ?? dated[0];
  if (segment === undefined) return null;
  const into_s = Math.max(0, (dateMs - (segment.dateMs ?? 0)) / 1000);
  const last = segment === dated.at(-1);
  return segment.start_s + (last ? into_s : Math.min(into_s, segment.duration_s));
}

/** From the first listed picture to the end at `edge_s`. */
export function windowOf(segments: readonly DatedSegment[], edge_s: number): DateWindow | null {
  const first = segments.find(({ dateMs }) => dateMs !== null);
  const endMs = dateAt(segments, edge_s);
  return first?.dateMs == null || endMs === null ? null : { startMs: first.dateMs, endMs };
}
