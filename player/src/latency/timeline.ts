/**
 * Pure: the node's half of a picture's journey, found in what `/api/streams/{stream}/timeline` tells, and the viewer's
 * half added to it.
 *
 * A picture over HLS is found by the date of its slot on the frame grid, which is what EXT-X-PROGRAM-DATE-TIME says of
 * it; over WebRTC by when it was received, just after it was forwarded, or else by when it was captured.
 */

import type { Journey } from "./waterfall.ts";

/** As the node prints it (docs/latency.md); Unix ms of the node's clock, null for what is not known. */
export interface TimelinePicture {
  readonly capture_ms: number;
  readonly key: boolean;
  readonly size_bytes: number;
  readonly first_packet_ms: number | null;
  readonly last_packet_ms: number;
  readonly released_ms: number;
  readonly forwarded_ms: number;
  readonly received_ms: number | null;
  readonly decoded_ms: number | null;
  readonly placed_ms: number | null;
  readonly grid_ms: number | null;
  /** By rendition. */
  readonly coded_ms: Readonly<Record<string, number>>;
}

export interface TimelinePart {
  readonly number: number | null;
  readonly start_ms: number;
  readonly duration_ms: number | null;
  readonly closed_ms: number | null;
  readonly pushed_ms: number | null;
  readonly listed_ms: number | null;
}

export interface Timeline {
  readonly stream: string;
  /** Null of a stream that is not live. */
  readonly session: string | null;
  readonly now_ms: number;
  /** Between publisher and node; null if it is not known. */
  readonly publisher_round_trip_ms: number | null;
  readonly pictures: readonly TimelinePicture[];
  /** By rendition. */
  readonly parts: Readonly<Record<string, readonly TimelinePart[]>>;
}

/** A presented picture as the viewer saw it; Unix ms of the node's clock, durations in ms, null for what is not known. */
export interface Shown {
  /** By the time code in it. */
  readonly drawn_ms: number | null;
  /** By EXT-X-PROGRAM-DATE-TIME, or by the sender reports. */
  readonly capture_ms: number | null;
  readonly received_ms: number | null;
  readonly decode_ms: number | null;
  readonly presented_ms: number;
  readonly displayed_ms: number;
  /** Name of the rendition, such as 720p; null over WebRTC. */
  readonly rendition: string | null;
}

const SLOT_MS = 20; // a date of the playlist is this near to its slot's, at 30 pictures a second and to the millisecond
const NEAREST_MS = 25; // and a picture over WebRTC this near to what is known of it

export interface Trips {
  /** Round trip between publisher and node, and between viewer and node; ms, null if not known. */
  readonly publisher_ms: number | null;
  readonly viewer_ms: number | null;
}

const NO_TRIPS: Trips = { publisher_ms: null, viewer_ms: null };

/** The journey of a picture; what the node does not know of it is null. */
export function journeyOf(shown: Shown, timeline: Timeline, trips: Trips = NO_TRIPS): Journey {
  const { rendition } = shown;
  const picture =
    rendition === null
      ? forwardedPicture(shown, timeline, trips)
      : nearest(timeline, gridOf, shown.capture_ms, SLOT_MS);
  const part = rendition === null ? undefined : partOf(timeline.parts[rendition] ?? [], shown.capture_ms);
  return {
    drawn_ms: shown.drawn_ms,
    capture_ms: picture?.capture_ms ?? shown.capture_ms,
    uplink_ms: trips.publisher_ms === null ? null : trips.publisher_ms / 2,
    first_packet_ms: picture?.first_packet_ms ?? null,
    last_packet_ms: picture?.last_packet_ms ?? null,
    forwarded_ms: picture?.forwarded_ms ?? null,
    decoded_ms: picture?.decoded_ms ?? null,
    coded_ms: rendition === null ? null : (picture?.coded_ms[rendition] ?? null),
    closed_ms: part?.closed_ms ?? null,
    listed_ms: part?.listed_ms ?? null,
    received_ms: shown.received_ms,
    decode_ms: shown.decode_ms,
    presented_ms: shown.presented_ms,
    displayed_ms: shown.displayed_ms,
  };
}

function forwardedPicture(shown: Shown, timeline: Timeline, trips: Trips): TimelinePicture | undefined {
  if (shown.received_ms === null) return nearest(timeline, ({ capture_ms }) => capture_ms, beganOf(shown), NEAREST_MS);
  const sent_ms = shown.received_ms - (trips.viewer_ms ?? 0) / 2;
  return nearest(timeline, ({ forwarded_ms }) => forwarded_ms, sent_ms, NEAREST_MS);
}

function beganOf({ capture_ms, drawn_ms }: Shown): number | null {
  return capture_ms ?? drawn_ms;
}

function gridOf({ grid_ms }: TimelinePicture): number | null {
  return grid_ms;
}

function nearest(
  { pictures }: Timeline,
  instant: (picture: TimelinePicture) => number | null,
  at_ms: number | null,
  within_ms: number,
): TimelinePicture | undefined {
  if (at_ms === null) return undefined;
  let best: TimelinePicture | undefined;
  let bestOff_ms = within_ms;
  for (const picture of pictures) {
    const off_ms = Math.abs((instant(picture) ?? Infinity) - at_ms);
    if (off_ms <= bestOff_ms) [best, bestOff_ms] = [picture, off_ms];
  }
  return best;
}

/** The part that began last before the instant, allowing for a date that is rounded to the millisecond. */
function partOf(parts: readonly TimelinePart[], at_ms: number | null): TimelinePart | undefined {
  if (at_ms === null) return undefined;
  return parts.findLast(({ start_ms, duration_ms }) => {
    return start_ms <= at_ms + 1 && (duration_ms === null || at_ms < start_ms + duration_ms + 1);
  });
}
