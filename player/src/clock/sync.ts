/**
 * Pure: the offset between this page's clock and the node's, from requests for the time.
 *
 * The node read its clock somewhere between sending and receiving; taking the middle is wrong by half the round trip at
 * most. So the quickest request counts, until it is so old that the drift of the two clocks outweighs it.
 */

export interface ClockSample {
  /** Page clock when the request was sent and when its answer was there, in ms. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** Node clock, in between, in ms. */
  readonly nodeMs: number;
}

export interface ClockEstimate {
  /** To add to the page's clock. */
  readonly offsetMs: number;
  /** How far it can be off, either way: half of the round trip it comes from, and what the clocks drift since. */
  readonly errorMs: number;
}

const CAPACITY = 32;
const DRIFT_MS_PER_MS = 50e-6; // 50 ppm: two ordinary quartz clocks

export class ClockFilter {
  #samples: ClockSample[] = [];

  add(sample: ClockSample): void {
    if (!(sample.receivedMs >= sample.sentMs) || !Number.isFinite(sample.nodeMs)) return;
    this.#samples.push(sample);
    if (this.#samples.length > CAPACITY) this.#samples.shift();
  }

  /** The best of what is known, or null before the first sample. */
  estimate(nowMs: number): ClockEstimate | null {
    let best: ClockSample | null = null;
    for (const sample of this.#samples) {
      if (best === null || doubt(sample, nowMs) <= doubt(best, nowMs)) best = sample;
    }
    if (best === null) return null;
    return { offsetMs: best.nodeMs - (best.sentMs + best.receivedMs) / 2, errorMs: doubt(best, nowMs) };
  }
}

function doubt({ sentMs, receivedMs }: ClockSample, nowMs: number): number {
  return (receivedMs - sentMs) / 2 + (nowMs - receivedMs) * DRIFT_MS_PER_MS;
}
