/** Edge: one player on the watch page: picture, state, latency, figures, sound. */

import { formatBitrate, formatCount, formatLatency, formatSeconds, formatSize } from "../format.ts";
import { Figures, setText } from "../ui/dom.ts";
import type { Player, PlayerState } from "../playback/player.ts";
import { curve } from "./sparkline.ts";

const MINUTE_MS = 60_000;
const NOW_MS = 2000; // the large figure is the median of this long
const METHODS = { timecode: "by the time code in the picture", capture: "by the publisher's capture clock" } as const;
const STATES: Record<PlayerState, string> = {
  waiting: "Waiting for the stream to go live",
  connecting: "Connecting",
  live: "Live",
  stalled: "No new pictures arrive; waiting",
  reconnecting: "Trying again",
  ended: "The broadcast has ended",
  failed: "Cannot be played",
};

export class Panel {
  readonly video: HTMLVideoElement;
  readonly #overlay: HTMLElement;
  readonly #badge: HTMLElement;
  readonly #sound: HTMLButtonElement;
  readonly #line: SVGPolylineElement;
  readonly #figures: Figures;
  #onUnmute: () => void = () => undefined;

  constructor(readonly root: HTMLElement) {
    this.video = part(root, "video", HTMLVideoElement);
    this.#overlay = part(root, ".overlay", HTMLElement);
    this.#badge = part(root, ".badge", HTMLElement);
    this.#sound = part(root, ".sound", HTMLButtonElement);
    this.#line = part(root, "polyline", SVGPolylineElement);
    this.#figures = new Figures(root);
    this.#sound.addEventListener("click", () => this.#toggleSound());
    part(root, ".full", HTMLButtonElement).addEventListener("click", () => void fullScreen(this.video));
    this.video.addEventListener("volumechange", () => this.#showSound());
    this.video.addEventListener("pause", () => this.#showSound());
    this.video.addEventListener("playing", () => this.#showSound());
    this.video.addEventListener("ended", () => this.#showSound());
  }

  /** Two players at once would be an echo. */
  onUnmute(act: () => void): void {
    this.#onUnmute = act;
  }

  show(player: Player): void {
    const nowMs = performance.now();
    const { state, problem, stats, meter } = player;
    setText(this.#badge, state === "live" ? "Live" : state === "ended" ? "Ended" : "Not live");
    this.#badge.dataset["state"] = state;
    setText(this.#overlay, state === "live" ? "" : overlayText(state, problem));
    const minute = meter.stats(nowMs - MINUTE_MS);
    const now = meter.stats(nowMs - NOW_MS);
    const { points, topMs } = curve(meter.recent(nowMs - MINUTE_MS), nowMs - MINUTE_MS, nowMs);
    this.#line.setAttribute("points", points);
    this.#figures.show({
      latency: formatLatency(state === "live" ? now.p50_ms : null),
      method: minute.method === null ? "not measured yet" : METHODS[minute.method],
      top: points === "" ? "" : formatLatency(topMs),
      p50: formatLatency(minute.p50_ms),
      p95: formatLatency(minute.p95_ms),
      size: formatSize(stats.width, stats.height),
      bitrate: formatBitrate(stats.bitrate_bps),
      buffer: (stats.buffer_s ?? 1) < 1 ? formatLatency((stats.buffer_s ?? 0) * 1000) : formatSeconds(stats.buffer_s),
      stalls: formatCount(stats.stalls),
      dropped: formatCount(stats.dropped),
    });
  }

  #toggleSound(): void {
    if (this.#sound.textContent === "Play") void this.video.play().catch(() => undefined);
    else this.video.muted = !this.video.muted;
    if (!this.video.muted) this.#onUnmute();
    this.#showSound();
  }

  #showSound(): void {
    const blocked = this.video.paused && !this.video.ended && this.video.readyState > 0;
    setText(this.#sound, blocked ? "Play" : this.video.muted ? "Unmute" : "Mute");
  }
}

function overlayText(state: PlayerState, problem: string | null): string {
  if (problem === null) return STATES[state];
  return state === "failed" ? `${STATES[state]}: ${problem}` : `${STATES[state]} (${problem})`;
}

function part<T extends Element>(root: Element, selector: string, kind: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`panel without ${selector}`);
  return found;
}

async function fullScreen(video: HTMLVideoElement & { webkitEnterFullscreen?: () => void }): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else if (video.requestFullscreen) await video.requestFullscreen().catch(() => undefined);
  else video.webkitEnterFullscreen?.(); // iPhone
}
