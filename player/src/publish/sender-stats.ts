/** Pure: what is being sent, from two reports of RTCPeerConnection.getStats (W3C webrtc-stats). */

export interface SenderStats {
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  readonly bitrate_bps: number | null;
  readonly rtt_ms: number | null;
  readonly lost: number | null;
  /** Part of the packets that was lost lately, 0 to 1. */
  readonly lossRatio: number | null;
  /** What the browser thinks the network carries. */
  readonly available_bps: number | null;
  /** Pictures a second that the source gives. */
  readonly sourceFps: number | null;
  readonly limitation: string | null;
  readonly codec: string | null;
  readonly framesSent: number | null;
}

export const NO_SENDER_STATS: SenderStats = {
  width: null,
  height: null,
  fps: null,
  bitrate_bps: null,
  rtt_ms: null,
  lost: null,
  lossRatio: null,
  available_bps: null,
  sourceFps: null,
  limitation: null,
  codec: null,
  framesSent: null,
};

interface Entry {
  readonly type: string;
  readonly kind?: string;
  readonly id: string;
  readonly [key: string]: unknown;
}

export class SenderMeter {
  #bytes = 0;
  #atMs = 0;

  /** `entries` are the values of a report, `nowMs` the time it was made. */
  read(entries: Iterable<Entry>, nowMs: number): SenderStats {
    const all = [...entries];
    const ofVideo = (type: string) => all.find((entry) => entry.type === type && entry.kind === "video");
    const outbound = ofVideo("outbound-rtp");
    const remote = ofVideo("remote-inbound-rtp");
    const pair = all.find((entry) => entry.type === "candidate-pair" && entry["nominated"] === true);
    const codec = all.find((entry) => entry.id === outbound?.["codecId"]);
    const rtt_s = number(remote?.["roundTripTime"]) ?? number(pair?.["currentRoundTripTime"]);
    return {
      width: number(outbound?.["frameWidth"]),
      height: number(outbound?.["frameHeight"]),
      fps: number(outbound?.["framesPerSecond"]),
      bitrate_bps: this.#rate(sentBytes(all), nowMs),
      rtt_ms: rtt_s === null ? null : Math.round(rtt_s * 10_000) / 10,
      lost: number(remote?.["packetsLost"]),
      lossRatio: number(remote?.["fractionLost"]),
      available_bps: number(pair?.["availableOutgoingBitrate"]),
      sourceFps: number(ofVideo("media-source")?.["framesPerSecond"]),
      limitation: text(outbound?.["qualityLimitationReason"]),
      codec: text(codec?.["mimeType"])?.replace(/^video\//, "") ?? null,
      framesSent: number(outbound?.["framesSent"]),
    };
  }

  #rate(bytes: number, nowMs: number): number | null {
    const [before, sinceMs] = [this.#bytes, nowMs - this.#atMs];
    const first = this.#atMs === 0;
    this.#bytes = bytes;
    this.#atMs = nowMs;
    return first || sinceMs <= 0 || bytes < before ? null : Math.round(((bytes - before) * 8000) / sinceMs);
  }
}

function sentBytes(entries: readonly Entry[]): number {
  return entries
    .filter((entry) => entry.type === "outbound-rtp")
    .reduce((sum, entry) => sum + (number(entry["bytesSent"]) ?? 0), 0);
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
