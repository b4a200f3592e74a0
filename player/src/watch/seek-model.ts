/** Pure: the seek bar: what can be gone back to, where the picture is, and what to call that. */

import { formatDuration } from "../format.ts";
import type { DateWindow } from "../playback/media-dates.ts";

export interface SeekView {
  /** Length of the bar in whole seconds. */
  readonly length_s: number;
  /** Where the picture is, in seconds from the start of the bar. */
  readonly position_s: number;
  readonly live: boolean;
  /** "Live", or how far behind as "-1:05". */
  readonly label: string;
  /** The same for people who hear it. */
  readonly spoken: string;
}

const LEAST_WINDOW_MS = 8000; // shorter ones are not worth a bar
const LIVE_WITHIN_MS = 4000; // behind where this way of watching usually is

/** Null when there is nothing to go back to. `usualMs`: how far behind the live edge this way of watching is anyway. */
export function seekView(window: DateWindow | null, capturedMs: number | null, usualMs: number): SeekView | null {
  if (window === null || capturedMs === null || window.endMs - window.startMs < LEAST_WINDOW_MS) return null;
  const behindMs = Math.max(0, window.endMs - capturedMs);
  const live = behindMs - usualMs < LIVE_WITHIN_MS;
  const length_s = Math.ceil((window.endMs - window.startMs) / 1000);
  const position_s = live ? length_s : clamp((capturedMs - window.startMs) / 1000, 0, length_s);
  return { length_s, position_s, live, ...words(live, behindMs) };
}

function words(live: boolean, behindMs: number): { label: string; spoken: string } {
  if (live) return { label: "Live", spoken: "Live" };
  const length = formatDuration(behindMs);
  return { label: `-${length}`, spoken: `${length} behind live` };
}

/** The instant at a place of the bar; null at its end, which is live. */
export function instantAt(window: DateWindow, position_s: number, length_s: number): number | null {
  return position_s >= length_s ? null : window.startMs + Math.max(0, position_s) * 1000;
}

/** Going back or forth from a picture: the instant to show, null for live. */
export function instantAfter(window: DateWindow, capturedMs: number, by_s: number): number | null {
  const wantedMs = capturedMs + by_s * 1000;
  if (wantedMs >= window.endMs - LIVE_WITHIN_MS && by_s > 0) return null;
  return clamp(wantedMs, window.startMs, window.endMs);
}

/** Fraction of the bar, 0 to 1, that a pointer is at. */
export function fractionAt(x: number, left: number, width: number): number {
  return width > 0 ? clamp((x - left) / width, 0, 1) : 0;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
