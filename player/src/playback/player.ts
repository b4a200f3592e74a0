/** Pure: what both players have in common, as the panel and the tests see it. */

import type { LatencyMeter } from "../latency/meter.ts";
import type { Shown } from "../latency/timeline.ts";
import type { Sighting } from "./stream-feed.ts";

/**
 * `waiting`: not live yet; `connecting`: on the way to the first picture; `live`: pictures come; `stalled`: they have
 * stopped coming; `reconnecting`: broken, to be tried again; `ended`: the publisher has finished; `failed`: this browser
 * cannot.
 */
export type PlayerState = "waiting" | "connecting" | "live" | "stalled" | "reconnecting" | "ended" | "failed";

export interface PlayerStats {
  readonly framesDecoded: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly bitrate_bps: number | null;
  readonly buffer_s: number | null;
  readonly stalls: number;
  readonly dropped: number;
  /** To the node and back; null over HLS. */
  readonly roundTrip_ms: number | null;
  /** How far the latency can be off, either way, because this page does not know the node's clock any better. */
  readonly clock_error_ms: number | null;
}

export const NO_PLAYER_STATS: PlayerStats = {
  framesDecoded: 0,
  width: null,
  height: null,
  bitrate_bps: null,
  buffer_s: null,
  stalls: 0,
  dropped: 0,
  roundTrip_ms: null,
  clock_error_ms: null,
};

export interface Player {
  readonly state: PlayerState;
  /** Why, when `failed` or `reconnecting`; a sentence, or null. */
  readonly problem: string | null;
  readonly stats: PlayerStats;
  readonly meter: LatencyMeter;
  /** Told of some of the presented pictures; set by whoever wants to know. */
  onShown: ((picture: Shown) => void) | null;
  /** When the picture shown last was captured, Unix time of the node in ms; null while that is not known. */
  readonly capturedMs: number | null;
  /** What the node says of the stream, every other second. */
  sighted(sighting: Sighting): void;
  /** Look at what is played, twice a second. */
  measure(): Promise<void>;
  /** The page was asleep, or the network is another one: whatever does not play is tried again now. */
  wake(): void;
  /** Forget stalls, drops and latencies so far. */
  reset(): void;
  /** Let go of the stream; the next sighting of it is played again. */
  leave(): void;
}

/** Counts from a baseline that can be moved: what the browser counts can not be reset, and starts anew on reconnects. */
export class Counter {
  #seen = 0;
  #sum = 0;

  /** The browser's count now; less than before means that it started anew. */
  read(count: number): void {
    this.#sum += count >= this.#seen ? count - this.#seen : count;
    this.#seen = count;
  }

  add(more = 1): void {
    this.#sum += more;
  }

  reset(): void {
    this.#sum = 0;
  }

  /** The browser's count starts at nothing again. */
  restarted(): void {
    this.#seen = 0;
  }

  get value(): number {
    return this.#sum;
  }
}
