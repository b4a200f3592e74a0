/** Edge: hls.js as the pages want it: quick to repair, and no opinion of its own about the playback rate. */

import type Hls from "hls.js";
import type { HlsConfig } from "hls.js";

/** `null` where the browser has no Media Source Extensions; asked first, for Chromium's own HLS is not the better one. */
export async function loadEngine(): Promise<typeof Hls | null> {
  const { default: Engine } = await import("hls.js");
  return Engine.isSupported() ? Engine : null;
}

const FIRST_ESTIMATE_BPS = 4e6; // start with what a good line carries and correct after the first segments
const BACK_BUFFER_S = 10;

/** `low-latency`: part by part, kept at its distance; `plain`: whole segments, as a player that knows no parts. */
export type HlsMode = "low-latency" | "plain";

/** `target_s`: distance from the live edge to start at. */
export function engineConfig(target_s: number, mode: HlsMode): Partial<HlsConfig> {
  return {
    lowLatencyMode: mode === "low-latency",
    liveSyncDuration: target_s,
    liveSyncOnStallIncrease: 0, // latency/controller.ts raises the target
    maxLiveSyncPlaybackRate: 1, // and sets the rate
    liveDurationInfinity: true,
    backBufferLength: BACK_BUFFER_S,
    maxBufferLength: 10,
    abrEwmaDefaultEstimate: FIRST_ESTIMATE_BPS,
    testBandwidth: false, // would begin with the lowest level, and change within the first second
    enableWorker: false, // fMP4 passes through untouched; a worker from a blob would need a weaker policy
    manifestLoadPolicy: { default: { ...timeouts(8000), ...retries(3) } },
    // hls.js itself gives up a held request after 0.8 target durations: a publisher who is lost for some seconds costs
    // several of these, and should not cost the whole playback.
    playlistLoadPolicy: { default: { ...timeouts(12_000), ...retries(3, 8) } },
    fragLoadPolicy: { default: { ...timeouts(10_000), ...retries(4) } },
  };
}

function timeouts(ms: number) {
  return { maxTimeToFirstByteMs: ms, maxLoadTimeMs: 2 * ms };
}

function retries(times: number, afterTimeouts = times) {
  const retry = { maxNumRetry: times, retryDelayMs: 250, maxRetryDelayMs: 2000, backoff: "exponential" as const };
  return { timeoutRetry: { ...retry, maxNumRetry: afterTimeouts, retryDelayMs: 0 }, errorRetry: retry };
}
