/** Edge: one path that is played: its player, its panel, whether it is on, and how long it took to its first picture. */

import type { Player } from "../playback/player.ts";
import type { Sighting } from "../playback/stream-feed.ts";
import type { Account } from "../latency/account.ts";
import type { PathFigures, PathState } from "./measurement.ts";
import type { Panel } from "./panel.ts";

const NOW_MS = 2000; // the large figure is the median of this long

export class LivePath {
  #on = true;
  #join_ms: number | null = null;
  /** Why the stream is kept from the player for now; null if it is not. */
  #kept: string | null = null;

  /** `rung`: the rung of the ladder that is played. */
  constructor(
    readonly player: Player,
    readonly panel: Panel,
    readonly account: Account,
    readonly rung: () => string | null,
  ) {}

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    if (this.#on && !on) this.player.leave();
    this.#on = on;
  }

  /** Pass on what is known of the stream; `kept`: a reason not to begin to play it yet. */
  sighted(sighting: Sighting, kept: string | null = null): void {
    if (!this.#on) return;
    const { state } = this.player;
    this.#kept = state === "waiting" ? kept : null;
    if (this.#kept !== null) return;
    this.player.sighted(sighting);
    if (state !== "connecting" && this.player.state === "connecting") this.#joining();
  }

  async measure(): Promise<void> {
    if (this.#on) await this.player.measure();
  }

  get state(): PathState {
    return { figures: this.#figures, waterfall: this.account.waterfall };
  }

  reset(): void {
    this.player.reset();
    this.account.reset();
  }

  get #figures(): PathFigures {
    const { stalls, dropped, bitrate_bps, width, height, buffer_s } = this.player.stats;
    return { stalls, dropped, bitrate_bps, width, height, rung: this.rung(), buffer_s, join_ms: this.#join_ms };
  }

  /** Latency just now; null if it is not playing. */
  get latency_ms(): number | null {
    if (!this.#on || this.player.state !== "live") return null;
    return this.player.meter.stats(performance.now() - NOW_MS).p50_ms;
  }

  showState(): void {
    if (!this.#on) this.panel.showOff();
    else this.panel.showState(this.player.state, this.player.problem ?? this.#kept);
  }

  #joining(): void {
    const { video } = this.panel;
    const startedMs = performance.now();
    const joined = () => (this.#join_ms = Math.round(performance.now() - startedMs));
    this.#join_ms = null;
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(joined);
    else (video as HTMLVideoElement).addEventListener("loadeddata", joined, { once: true });
  }
}
