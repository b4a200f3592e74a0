/**
 * Pure: collects what the meters of the players measure, from a beginning, with pauses.
 *
 * What comes during a pause is never counted. A path whose method changes begins anew: latencies by the time code and by
 * the capture clock do not belong into one percentile.
 */

import type { Method } from "../latency/meter.ts";
import type { Sample } from "../latency/series.ts";
import { type Measurement, type PathState, summarize } from "./measurement.ts";
import type { Path } from "./paths.ts";

/** What a recording wants of `latency/meter.ts`. */
export interface Source {
  readonly method: Method | null;
  recent(fromMs: number): readonly Sample[];
}

export interface Setting {
  readonly stream: string;
  readonly profile: string;
  readonly clockError_ms: number | null;
}

interface Track {
  method: Method | null;
  readonly samples: Sample[];
}

const CAPACITY = 12_000; // of a path: half an hour at six a second; the oldest go first

/** All times but those of a `Measurement` are the page's, in ms. */
export class Recording {
  readonly #tracks = new Map<Path, Track>();
  #startedMs: number;
  #seenMs: number; // whatever is not younger is taken, or passed over
  #pausedMs: number | null = null;

  constructor(nowMs: number) {
    this.#startedMs = this.#seenMs = nowMs;
  }

  get paused(): boolean {
    return this.#pausedMs !== null;
  }

  /** Begin again, with nothing; a pause goes on. */
  reset(nowMs: number): void {
    this.#tracks.clear();
    this.#startedMs = this.#seenMs = nowMs;
    if (this.paused) this.#pausedMs = nowMs;
  }

  pause(nowMs: number): void {
    this.#pausedMs ??= nowMs;
  }

  resume(nowMs: number): void {
    this.#pausedMs = null;
    this.#seenMs = nowMs;
  }

  /** Take what all sources have measured since the last time. */
  take(sources: ReadonlyMap<Path, Source>, nowMs: number): void {
    if (this.paused) return;
    for (const [path, source] of sources) this.#takeOne(path, source, nowMs);
    this.#seenMs = nowMs;
  }

  /** As it stands; `states` are those of the moment. */
  measurement(states: ReadonlyMap<Path, PathState>, setting: Setting, nowMs: number, nodeMs: number): Measurement {
    return {
      ...setting,
      started_ms: Math.round(nodeMs - (nowMs - this.#startedMs)),
      duration_ms: Math.round((this.#pausedMs ?? nowMs) - this.#startedMs),
      paths: [...states].map(([path, state]) => {
        const { method, samples } = this.#tracks.get(path) ?? { method: null, samples: [] };
        return { ...state, path, method, samples, latency: summarize(samples) };
      }),
    };
  }

  #takeOne(path: Path, source: Source, nowMs: number): void {
    let track = this.#tracks.get(path);
    if (track === undefined || track.method !== source.method) {
      this.#tracks.set(path, (track = { method: source.method, samples: [] }));
    }
    for (const { atMs, value } of source.recent(this.#seenMs)) {
      if (atMs > this.#seenMs && atMs <= nowMs) track.samples.push(rounded(atMs - this.#startedMs, value));
    }
    if (track.samples.length > CAPACITY) track.samples.splice(0, track.samples.length - CAPACITY);
  }
}

/** To a whole ms of time and a tenth of latency: what is shown, exported and read back is the same. */
function rounded(atMs: number, latencyMs: number): Sample {
  return { atMs: Math.round(atMs), value: Math.round(latencyMs * 10) / 10 };
}
