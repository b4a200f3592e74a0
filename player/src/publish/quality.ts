/** Pure: how well sending goes, and what holds it back, in plain words. */

import { formatBitrate, formatLatency } from "../format.ts";
import type { PublishOptions } from "./options.ts";
import type { SenderStats } from "./sender-stats.ts";

export type Grade = "unknown" | "good" | "fair" | "poor";

export interface Verdict {
  readonly grade: Grade;
  readonly sentence: string;
}

const NOTHING: Verdict = { grade: "unknown", sentence: "" };
const LOSS_FAIR = 0.01; // repaired by retransmission, at the price of a little delay
const LOSS_POOR = 0.05; // pictures freeze
const RATE_FAIR = 0.8; // of what was asked for
const RATE_POOR = 0.5;
const RTT_FAIR_MS = 300;
const SOURCE_FAIR = 0.7; // of the frame rate asked for
const LOOKS = 3; // so often the same, before it is said

const LIMITATIONS: Readonly<Record<string, string>> = {
  none: "nothing",
  cpu: "this computer",
  bandwidth: "the network",
  other: "the browser",
};

/** What the encoder is limited by (W3C webrtc-stats, RTCQualityLimitationReason). */
export function limitationWords(reason: string | null): string | null {
  return reason === null ? null : (LIMITATIONS[reason] ?? reason);
}

/** The worst there is to say; the weightiest first. */
export function judge(
  stats: SenderStats,
  wanted: Pick<PublishOptions, "bitrate_kbps" | "framesPerSecond" | "source">,
): Verdict {
  if (stats.bitrate_bps === null) return NOTHING;
  const loss = stats.lossRatio ?? 0;
  const asked_bps = wanted.bitrate_kbps * 1000;
  const carried = (stats.available_bps ?? asked_bps) / asked_bps;
  const percent = `${Math.round(loss * 100)} % of the packets are lost on the way`;
  if (stats.limitation === "cpu") {
    return poor("This computer is too slow for this picture: choose a smaller size or a lower frame rate.");
  }
  if (loss >= LOSS_POOR)
    return poor(`${percent}: viewers see the picture freeze. Try a cable, or be nearer to the Wi-Fi.`);
  if (carried < RATE_FAIR || stats.limitation === "bandwidth") {
    const words = `The network carries ${formatBitrate(stats.available_bps)} of the ${formatBitrate(asked_bps)} asked for: the picture is less sharp.`;
    return carried < RATE_POOR ? poor(words) : fair(words);
  }
  if (loss >= LOSS_FAIR) return fair(`${percent}; they are sent again.`);
  if ((stats.rtt_ms ?? 0) >= RTT_FAIR_MS) {
    return fair(`The way to the node and back takes ${formatLatency(stats.rtt_ms)}: viewers see everything later.`);
  }
  if (
    wanted.source === "camera" &&
    (stats.sourceFps ?? wanted.framesPerSecond) < SOURCE_FAIR * wanted.framesPerSecond
  ) {
    return fair(
      `The camera gives ${stats.sourceFps} of ${wanted.framesPerSecond} pictures a second: more light may help.`,
    );
  }
  return { grade: "good", sentence: "The network carries everything that is sent." };
}

function fair(sentence: string): Verdict {
  return { grade: "fair", sentence };
}

function poor(sentence: string): Verdict {
  return { grade: "poor", sentence };
}

/** Says another grade only when it has lasted: a verdict that flickers cannot be read. */
export class SteadyVerdict {
  #shown = NOTHING;
  #other: Grade = "unknown";
  #times = 0;

  /** What to show, `now` being the latest verdict. */
  settle(now: Verdict): Verdict {
    if (now.grade === this.#other) this.#times++;
    else [this.#other, this.#times] = [now.grade, 1];
    const first = this.#shown.grade === "unknown" || now.grade === "unknown";
    if (first || now.grade === this.#shown.grade || this.#times >= LOOKS) this.#shown = now;
    return this.#shown;
  }
}
