/**
 * Pure: from the RTP timestamp of a presented picture to the instant of its capture.
 *
 * The browser tells about once a second how late it plays (estimatedPlayoutTimestamp), and of every picture its RTP
 * timestamp. The two differ by a constant for the life of a connection, however long the jitter buffer is made; what is
 * learned while its length changes would be wrong by up to that change, and is left out.
 */

import { percentile } from "../latency/series.ts";

const CLOCK_RATE_PER_MS = 90; // of every video payload format
const WRAP = 2 ** 32;
const KEPT = 15; // readings: their median is off by a millisecond or two
const STEADY_MS = 12; // that two readings in a row may differ by

export class CaptureMap {
  #readings: number[] = [];
  #latencyMs: number | null = null;
  #last: { rtp: number; ticks: number } | null = null;

  /** A picture was presented at a Unix time of the node in ms while the browser played so many ms after capture. */
  learn(rtpTimestamp: number | null, presentedMs: number, latencyMs: number): void {
    const steady = this.#latencyMs !== null && Math.abs(latencyMs - this.#latencyMs) < STEADY_MS;
    this.#latencyMs = latencyMs;
    if (rtpTimestamp === null || !(steady || this.#readings.length === 0)) return;
    this.#readings.push(presentedMs - latencyMs - this.#unwrap(rtpTimestamp) / CLOCK_RATE_PER_MS);
    if (this.#readings.length > KEPT) this.#readings.shift();
  }

  /** When a picture presented now was captured, Unix time of the node in ms; null before anything was learned. */
  capturedMs(rtpTimestamp: number | null, presentedMs: number): number | null {
    const base = percentile(this.#readings, 0.5);
    if (rtpTimestamp !== null && base !== null) return base + this.#unwrap(rtpTimestamp) / CLOCK_RATE_PER_MS;
    return this.#latencyMs === null ? null : presentedMs - this.#latencyMs;
  }

  /** Another connection, another timeline. */
  restarted(): void {
    this.#readings = [];
    this.#latencyMs = null;
    this.#last = null;
  }

  /** Ticks on a line without end (RFC 3550 5.1: 32 bits that wrap). */
  #unwrap(rtp: number): number {
    const last = this.#last;
    const ahead = last === null ? 0 : ((rtp - last.rtp + WRAP + WRAP / 2) % WRAP) - WRAP / 2;
    const ticks = last === null ? rtp : last.ticks + ahead;
    this.#last = { rtp, ticks };
    return ticks;
  }
}
