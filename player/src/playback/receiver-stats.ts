/** Pure: what a viewer receives over WebRTC, from RTCPeerConnection.getStats (W3C webrtc-stats). */

export interface ReceiverReport {
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly freezes: number;
  readonly packets: number;
  readonly hasSound: boolean;
  readonly bytes: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly jitterBuffer_s: number | null;
  /** To the node and back, in ms. */
  readonly roundTrip_ms: number | null;
  /** From the publisher's capture instant to playout, on the node's clock, in ms. */
  readonly captureLatency_ms: number | null;
}

interface Entry {
  readonly type: string;
  readonly kind?: string;
  readonly timestamp: number;
  readonly [key: string]: unknown;
}

const NTP_UNIX_OFFSET_MS = 2_208_988_800_000; // 1900 to 1970
const NTP_FLOOR_MS = 3_000_000_000_000; // a Unix time in ms gets there in 2065, an NTP time was there in 1995

export class ReceiverMeter {
  #delay_s = 0;
  #emitted = 0;

  /** `offsetMs` leads from the page's clock to the node's. */
  read(report: Iterable<Entry>, offsetMs: number): ReceiverReport {
    const entries = [...report];
    const inbound = entries.filter((entry) => entry.type === "inbound-rtp");
    const video = inbound.find((entry) => entry.kind === "video" && count(entry["framesDecoded"]) > 0);
    const clocked = video ?? inbound.find((entry) => entry.kind === "audio");
    const sum = (key: string) => inbound.reduce((total, entry) => total + count(entry[key]), 0);
    return {
      framesDecoded: count(video?.["framesDecoded"]),
      framesDropped: count(video?.["framesDropped"]),
      freezes: count(video?.["freezeCount"]),
      packets: sum("packetsReceived"),
      hasSound: inbound.some((entry) => entry.kind === "audio" && count(entry["packetsReceived"]) > 0),
      bytes: sum("bytesReceived"),
      width: number(video?.["frameWidth"]),
      height: number(video?.["frameHeight"]),
      jitterBuffer_s: this.#jitterBuffer(video),
      roundTrip_ms: roundTrip(entries),
      captureLatency_ms: clocked === undefined ? null : captureLatency(clocked, offsetMs),
    };
  }

  /** Mean time in the jitter buffer since the last report. */
  #jitterBuffer(video: Entry | undefined): number | null {
    const [delay_s, emitted] = [count(video?.["jitterBufferDelay"]), count(video?.["jitterBufferEmittedCount"])];
    const [more_s, more] = [delay_s - this.#delay_s, emitted - this.#emitted];
    this.#delay_s = delay_s;
    this.#emitted = emitted;
    return more > 0 && more_s >= 0 ? more_s / more : null;
  }
}

/** Of the ICE checks on the pair of addresses that is used. */
function roundTrip(entries: readonly Entry[]): number | null {
  const pair = entries.find((entry) => entry.type === "candidate-pair" && entry["nominated"] === true);
  const roundTrip_s = number(pair?.["currentRoundTripTime"]);
  return roundTrip_s === null ? null : roundTrip_s * 1000;
}

/** The browser extrapolates the sender's capture clock to the instant of the report; Chromium gives it as NTP time. */
function captureLatency(entry: Entry, offsetMs: number): number | null {
  const playout = number(entry["estimatedPlayoutTimestamp"]);
  if (playout === null || playout <= 0) return null;
  const capturedMs = playout > NTP_FLOOR_MS ? playout - NTP_UNIX_OFFSET_MS : playout;
  return entry.timestamp + offsetMs - capturedMs;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function count(value: unknown): number {
  return number(value) ?? 0;
}
