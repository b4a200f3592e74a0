/**
 * Pure: the latency of one player, by the better of two methods.
 *
 * The time code in the picture is the truth where there is one. A camera's picture has none; there it is the
 * publisher's capture clock. A single strip that happens to check out (1 in 256 random ones would) changes nothing.
 */

import { skewMs } from "./beep.ts";
import { Series, type Sample, type Summary } from "./series.ts";

export type Method = "timecode" | "capture";

export interface LatencyStats {
  readonly method: Method | null;
  readonly last_ms: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly samples: number;
}

/** How much later than the picture the sound is; by the test pattern's beeps. */
export interface SkewStats {
  /** Negative if the sound is ahead. */
  readonly last_ms: number | null;
  readonly p50_ms: number | null;
  /** Of its size, whichever is ahead. */
  readonly p95_ms: number | null;
  readonly samples: number;
}

const CAPACITY = 4000; // over ten minutes at six a second
const PLAUSIBLE_MS = { least: -1000, most: 120_000 }; // the clocks agree to some ms; no player is two minutes behind
const NEAR_BEEP_MS = 1500; // the pictures shown while a beep was on its way to the ear, at six a second
const TIME_CODE_READS = 3; // in a row, before it is believed
const TIME_CODE_MISSES = 20; // in a row, until the picture has no time code any more; a picture that stands still proves nothing

export class LatencyMeter {
  readonly #series: Record<Method, Series> = { timecode: new Series(CAPACITY), capture: new Series(CAPACITY) };
  readonly #skew = new Series(CAPACITY);
  readonly #skewSize = new Series(CAPACITY);
  #readsInARow = 0;
  #missesInARow = 0;
  #believed = false;

  /** Latency by time code, or null for a picture whose strip did not check out. */
  addTimeCode(atMs: number, latencyMs: number | null): void {
    if (latencyMs === null || !plausible(latencyMs)) {
      this.#readsInARow = 0;
      if (++this.#missesInARow >= TIME_CODE_MISSES) this.#believed = false;
      return;
    }
    this.#missesInARow = 0;
    if (++this.#readsInARow >= TIME_CODE_READS) this.#believed = true;
    if (this.#believed) this.#series.timecode.add(atMs, latencyMs);
  }

  /** Latency by capture clock. */
  addCapture(atMs: number, latencyMs: number): void {
    if (plausible(latencyMs)) this.#series.capture.add(atMs, latencyMs);
  }

  /** A beep was heard, at a Unix time of the node; the picture's time code must have been read just before. */
  addBeep(atMs: number, heardMs: number): void {
    const pictureMs = this.#series.timecode.summary(atMs - NEAR_BEEP_MS).p50;
    if (pictureMs === null) return;
    const skew = skewMs(heardMs, pictureMs);
    this.#skew.add(atMs, skew);
    this.#skewSize.add(atMs, Math.abs(skew));
  }

  reset(): void {
    this.#skew.clear();
    this.#skewSize.clear();
    this.#series.timecode.clear();
    this.#series.capture.clear();
  }

  get method(): Method | null {
    if (this.#believed) return "timecode";
    return this.#series.capture.last === null ? null : "capture";
  }

  /** Over the samples at or after `fromMs`; over all since the last reset by default. */
  stats(fromMs = -Infinity): LatencyStats {
    const method = this.method;
    const empty: Summary = { last: null, p50: null, p95: null, samples: 0 };
    const summary = method === null ? empty : this.#series[method].summary(fromMs);
    return {
      method,
      last_ms: rounded(summary.last),
      p50_ms: rounded(summary.p50),
      p95_ms: rounded(summary.p95),
      samples: summary.samples,
    };
  }

  /** The median by each method, whichever is in use: where there are both, they are to agree. */
  medians(): Readonly<Record<Method, number | null>> {
    const median = (method: Method) => rounded(this.#series[method].summary(-Infinity).p50);
    return { timecode: median("timecode"), capture: median("capture") };
  }

  skew(): SkewStats {
    const { last, p50, samples } = this.#skew.summary(-Infinity);
    const p95 = this.#skewSize.summary(-Infinity).p95;
    return { last_ms: rounded(last), p50_ms: rounded(p50), p95_ms: rounded(p95), samples };
  }

  /** The samples of the method in use, for drawing. */
  recent(fromMs: number): readonly Sample[] {
    const method = this.method;
    return method === null ? [] : this.#series[method].since(fromMs);
  }
}

function plausible(latencyMs: number): boolean {
  return latencyMs >= PLAUSIBLE_MS.least && latencyMs <= PLAUSIBLE_MS.most;
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
