/** Edge: the watch page: one stream over both paths, side by side. */

import "../style.css";
import { fetchConfig, type NodeConfig } from "../api.ts";
import { NodeClock } from "../clock/node-clock.ts";
import { countOf, formatDuration, formatLatency } from "../format.ts";
import { streamOfPath, tokenPrefixOfPath } from "../names.ts";
import { element, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { loadEngine } from "../playback/hls-engine.ts";
import { HlsPlayer } from "../playback/hls-player.ts";
import { Panel } from "./panel.ts";
import type { Player } from "../playback/player.ts";
import { QualityMenu } from "./quality.ts";
import { followStream, type Sighting } from "../playback/stream-feed.ts";
import { WhepPlayer } from "../playback/whep-player.ts";

const SHOW_EVERY_MS = 500;
const COMPARED_MS = 5000;
const STANDARD: NodeConfig = {
  profile: "standard",
  part_target_s: 0.342,
  part_hold_back_s: 1.024,
  target_duration_s: 2,
  ice_servers: [],
  version: "",
};
const SIGHTINGS = {
  starting: "Starting",
  live: "Live",
  interrupted: "Interrupted: waiting for the publisher",
} as const;

const stream = streamOfPath(location.pathname) ?? "stream";
const prefix = tokenPrefixOfPath(location.pathname);
const summary = element("summary", HTMLElement);
const comparison = element("comparison", HTMLElement);
const tandem = expose({ role: "watch", ready: false, stats: () => null, reset: () => undefined });

function describe(sighting: Sighting, clock: NodeClock): string {
  if (sighting === undefined) return "The node does not answer.";
  if (sighting === null) return "Not live now; this page starts to play when it is.";
  const since = formatDuration(clock.now() - sighting.started_ms);
  return `${SIGHTINGS[sighting.state]} · ${since} · ${countOf(sighting.viewers, "WebRTC viewer")}`;
}

function compare(whep: Player, hls: Player): string {
  const nowMs = performance.now();
  if (whep.state !== "live" || hls.state !== "live") return "";
  const [first, second] = [whep, hls].map((player) => player.meter.stats(nowMs - COMPARED_MS).p50_ms);
  if (typeof first !== "number" || typeof second !== "number") return "";
  return `WebRTC is ${formatLatency(Math.abs(second - first))} ${second >= first ? "ahead of" : "behind"} LL-HLS.`;
}

async function run(): Promise<void> {
  const clock = new NodeClock();
  void loadEngine(); // it is the largest file, and wanted as soon as the stream is live
  const [config] = await Promise.all([fetchConfig().catch(() => STANDARD), clock.start()]);
  const panels = { whep: new Panel(element("whep", HTMLElement)), hls: new Panel(element("hls", HTMLElement)) };
  const whep = new WhepPlayer(panels.whep.video, `${prefix}/whep/${stream}`, clock, config.ice_servers);
  const hls = new HlsPlayer(panels.hls.video, clock, config);
  const quality = new QualityMenu(element("quality", HTMLSelectElement), hls);
  panels.whep.onUnmute(() => (panels.hls.video.muted = true));
  panels.hls.onUnmute(() => (panels.whep.video.muted = true));

  const show = async () => {
    await Promise.all([whep.measure(), hls.measure()]);
    panels.whep.show(whep);
    panels.hls.show(hls);
    quality.show();
    setText(comparison, compare(whep, hls));
  };
  setInterval(() => void show(), SHOW_EVERY_MS);
  followStream(stream, (sighting) => {
    whep.sighted(sighting);
    hls.sighted(sighting && { ...sighting, hls: sighting.hls && prefix + sighting.hls });
    setText(summary, describe(sighting, clock));
  });
  document.addEventListener("visibilitychange", () => {
    for (const { video } of [panels.whep, panels.hls]) {
      if (!document.hidden && video.paused && video.readyState > 0) void video.play().catch(() => undefined);
    }
  });
  addEventListener("pagehide", () => [whep, hls].forEach((player) => player.leave()));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

  const common = (player: Player) => ({
    state: player.state,
    problem: player.problem,
    ...player.stats,
    latency: player.meter.stats(),
  });
  tandem.stats = () => ({
    whep: common(whep),
    hls: {
      ...common(hls),
      ...{ level: hls.level, levels: hls.levels, target_s: hls.target_s, rate: hls.rate, errors: [...hls.errors] },
    },
  });
  tandem.reset = () => [whep, hls].forEach((player) => player.reset());
  tandem.ready = true;
}

for (const name of document.querySelectorAll("[data-stream]")) setText(name, stream);
document.title = `${stream} – Tandem`;
for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-path]")) {
  const url = new URL((link.dataset["path"] ?? "").replace("{stream}", stream), location.origin);
  link.href = url.href;
  setText(link, url.href);
}
void run();
