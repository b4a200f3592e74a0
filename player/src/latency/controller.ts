/**
 * Pure: keeps an LL-HLS player at a chosen distance from the live edge.
 *
 * hls.js starts at the right place but loses some tenths of a second at every start and stall, and below a second of
 * buffer it never wins them back. So the playback rate is decided here: a little faster while too late, as long as the
 * buffer can afford it; a little slower while too early or nearly empty; a jump only when far behind, and only over what
 * is buffered beyond the target: who jumps to the last part of a stream that comes late stalls there, and jumps again.
 */

import { percentile } from "./series.ts";

export interface Playback {
  /** Behind the live edge, as the player estimates it. */
  readonly latency_s: number;
  /** Buffered ahead of the playback position. */
  readonly forward_s: number;
  readonly target_s: number;
  /** Part target of the stream: what the buffer grows by at a time. */
  readonly part_s: number;
  /** Without a jump, however far behind. */
  readonly gentle?: boolean;
}

export type Decision =
  { readonly kind: "rate"; readonly rate: number } | { readonly kind: "seek"; readonly ahead_s: number };

const DEAD_ZONE_S = 0.02; // under a frame: nobody gains from correcting it
const GAIN_PER_S = 0.5; // of rate, for each second off the target
const FASTEST = 1.1; // more is heard
const SLOWEST = 0.95;
const SEEK_ABOVE_S = 0.7; // off the target: 7 s of fast playing would be needed
const LEAST_SEEK_S = 0.3; // a smaller jump is not worth its flicker
const AFFORDABLE_PARTS = 1; // buffered ahead at least, in parts, to play faster: the next part may be that late
const NEARLY_EMPTY_PARTS = 0.6; // Chromium waits with up to 0.1 s still ahead, half a part of `ultra`

/** What to do now; asked several times a second. */
export function decide({ latency_s, forward_s, target_s, part_s, gentle = false }: Playback): Decision {
  const late_s = latency_s - target_s;
  if (late_s > SEEK_ABOVE_S && !gentle) {
    const ahead_s = Math.min(late_s, forward_s - target_s);
    if (ahead_s >= LEAST_SEEK_S) return { kind: "seek", ahead_s };
  }
  if (isNearlyEmpty(forward_s, part_s)) return rate(SLOWEST);
  if (late_s > DEAD_ZONE_S) {
    return rate(forward_s > AFFORDABLE_PARTS * part_s ? Math.min(FASTEST, 1 + late_s * GAIN_PER_S) : 1);
  }
  if (late_s < -DEAD_ZONE_S) return rate(Math.max(SLOWEST, 1 + late_s * GAIN_PER_S));
  return rate(1);
}

/** A part that comes any later would be a stall. */
export function isNearlyEmpty(forward_s: number, part_s: number): boolean {
  return forward_s < NEARLY_EMPTY_PARTS * part_s;
}

function rate(exact: number): Decision {
  return { kind: "rate", rate: Math.round(exact * 100) / 100 };
}

const RAISE_PARTS = 0.5; // for every stall
const SMALL_RAISE_PARTS = 0.1; // for every second with a nearly empty buffer
const SMALL_RAISE_EVERY_S = 1;
const MOST_RAISE_S = 3; // a network that needs more is not one for low latency
const CALM_S = 20; // without a stall, before the target comes back
const RETURN_PER_S = 0.01;
const ARRIVALS_KEPT = 60; // parts: 12 to 20 s
const FEWEST_ARRIVALS = 10;
const USUAL_SHARE = 0.95; // of the parts that the target has to cover; for the rest there are the stalls
const OUTAGE_S = 2; // a part later than this tells of a network that was away, not of one that is uneven

/**
 * The distance aimed at: the base, or what the lateness of the last parts needs if that is more; raised by every stall
 * and, so that it need not come to that, by every nearly empty buffer; slowly back when all is calm. Times in seconds.
 */
export class LatencyTarget {
  readonly #base_s: number;
  readonly #part_s: number;
  #raise_s = 0;
  #since_s = 0;
  #lates_s: number[] = [];

  constructor(base_s: number, part_s: number) {
    this.#base_s = base_s;
    this.#part_s = part_s;
  }

  stalled(now_s: number): void {
    this.#raise(now_s, RAISE_PARTS);
  }

  /** Asked for as often as there is a decision. */
  nearlyEmpty(now_s: number): void {
    if (this.#raise_s === 0 || now_s - this.#since_s >= SMALL_RAISE_EVERY_S) this.#raise(now_s, SMALL_RAISE_PARTS);
  }

  /** A part was here so long after it was whole at the live edge. */
  arrived(now_s: number, late_s: number): void {
    if (late_s > OUTAGE_S) return;
    this.#lates_s.push(late_s);
    if (this.#lates_s.length > ARRIVALS_KEPT) this.#lates_s.shift();
    if (this.#lates_s.length < FEWEST_ARRIVALS) return;
    // One part plays while the next is waited for, and the buffer must not look nearly empty then.
    const needed_s = (percentile(this.#lates_s, USUAL_SHARE) ?? 0) + (1 + NEARLY_EMPTY_PARTS) * this.#part_s;
    const raise_s = needed_s - this.#base_s;
    if (raise_s > 0 && raise_s >= this.#raiseAt(now_s)) this.#raiseTo(now_s, raise_s);
  }

  #raise(now_s: number, parts: number): void {
    this.#raiseTo(now_s, this.#raiseAt(now_s) + parts * this.#part_s);
  }

  #raiseTo(now_s: number, raise_s: number): void {
    this.#raise_s = Math.min(MOST_RAISE_S, raise_s);
    this.#since_s = now_s;
  }

  at(now_s: number): number {
    return this.#base_s + this.#raiseAt(now_s);
  }

  #raiseAt(now_s: number): number {
    return Math.max(0, this.#raise_s - Math.max(0, now_s - this.#since_s - CALM_S) * RETURN_PER_S);
  }
}

export interface LatencyProfile {
  readonly profile: string;
  readonly part_target_s: number;
  readonly part_hold_back_s: number;
}

/**
 * The distance to aim at. `ultra` goes to two part targets, the least that a server may promise (rfc8216bis 4.4.3.8);
 * that needs a decision ten times a second, which is why it is not what the playlist tells every player.
 */
export function baseTarget({ profile, part_target_s, part_hold_back_s }: LatencyProfile): number {
  return profile === "ultra" ? Math.min(part_hold_back_s, 2 * part_target_s) : part_hold_back_s;
}
