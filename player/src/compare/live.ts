/** Edge: the paths of a live stream, played at once, and what is measured of them. */

import { fetchConfig, type NodeConfig } from "../api.ts";
import { NodeClock } from "../clock/node-clock.ts";
import { TimelineFeed } from "../latency/timeline-feed.ts";
import { loadEngine } from "../playback/hls-engine.ts";
import { HlsPlayer } from "../playback/hls-player.ts";
import type { Player } from "../playback/player.ts";
import { followStream, type Sighting } from "../playback/stream-feed.ts";
import type { Waterfall } from "../latency/waterfall.ts";
import { WhepPlayer } from "../playback/whep-player.ts";
import { element, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import type { Chart } from "./chart.ts";
import { LivePath } from "./live-path.ts";
import type { Measurement } from "./measurement.ts";
import type { Panel } from "./panel.ts";
import { chosenPaths, type Path, PATHS, queryOf, waterfallOf } from "./paths.ts";
import { QualityMenu } from "./quality.ts";
import { Recording } from "./recording.ts";
import { WaterfallView } from "./waterfall-view.ts";
import { compareLatencies, describeSighting } from "./words.ts";

const SHOW_EVERY_MS = 500;
const HELD_TARGETS = 4; // three to hold back, and the one that is being made
const UNKNOWN_NODE: NodeConfig = {
  profile: "",
  part_target_s: 0.342,
  part_hold_back_s: 1.024,
  target_duration_s: 2,
  ice_servers: [],
  version: "",
};

type MakePanel = (path: Path, profile: string) => Panel;

interface Players {
  readonly whep: WhepPlayer;
  readonly hls: HlsPlayer;
  readonly plain: HlsPlayer;
}

export interface Address {
  readonly stream: string;
  /** What the viewer's token puts before every path; empty without one. */
  readonly prefix: string;
}

export class LiveComparison {
  readonly #address: Address;
  readonly #config: NodeConfig;
  readonly #clock: NodeClock;
  readonly #chart: Chart;
  readonly #players: Players;
  readonly #paths: ReadonlyMap<Path, LivePath>;
  readonly #qualities: readonly QualityMenu[];
  readonly #waterfalls = new WaterfallView(element("waterfalls", HTMLElement));
  readonly #recording = new Recording(performance.now());
  #sighting: Sighting = null;
  #measured: Measurement;

  /** Ask the node for its settings and its clock, and begin. */
  static async begin(address: Address, makePanel: MakePanel, chart: Chart): Promise<LiveComparison> {
    const clock = new NodeClock();
    void loadEngine(); // it is the largest file, and wanted as soon as the stream is live
    const [config] = await Promise.all([fetchConfig().catch(() => UNKNOWN_NODE), clock.start()]);
    return new LiveComparison(address, config, clock, makePanel, chart);
  }

  constructor(address: Address, config: NodeConfig, clock: NodeClock, makePanel: MakePanel, chart: Chart) {
    this.#address = address;
    this.#config = config;
    this.#clock = clock;
    this.#chart = chart;
    const panel = (path: Path) => makePanel(path, config.profile);
    const panels = { whep: panel("whep"), hls: panel("hls"), plain: panel("plain") };
    const players = (this.#players = {
      whep: new WhepPlayer(panels.whep.video, `${address.prefix}/whep/${address.stream}`, clock, config.ice_servers),
      hls: new HlsPlayer(panels.hls.video, clock, config),
      plain: new HlsPlayer(panels.plain.video, clock, config, "plain"),
    });
    const feed = new TimelineFeed(address.stream, clock);
    const live = (path: Path, rung: () => string | null) => {
      return new LivePath(players[path], panels[path], feed.keep(waterfallOf(path), players[path]), rung);
    };
    this.#paths = new Map([
      ["whep", live("whep", () => null)],
      ["hls", live("hls", () => rungOf(players.hls))],
      ["plain", live("plain", () => rungOf(players.plain))],
    ]);
    this.#qualities = (["hls", "plain"] as const).map((path) => new QualityMenu(panels[path].quality, players[path]));
    this.#measured = this.#measure();
    this.#obey();
    this.#expose();
    followStream(address.stream, (sighting) => this.#sighted(sighting));
    setInterval(() => void this.#turn(), SHOW_EVERY_MS);
  }

  /** As it is shown: during a pause, as it was then. */
  get measured(): Measurement {
    return this.#measured;
  }

  #obey(): void {
    const chosen = chosenPaths(location.search);
    for (const [path, live] of this.#paths) {
      live.on = chosen.has(path);
      live.panel.onSwitch((on) => this.#switch(live, on));
      live.panel.onUnmute(() => this.#muteAllBut(live));
    }
    const pause = element("pause", HTMLButtonElement);
    pause.addEventListener("click", () => {
      if (this.#recording.paused) this.#recording.resume(performance.now());
      else this.#pause();
      setText(pause, this.#recording.paused ? "Resume" : "Pause");
    });
    element("reset", HTMLButtonElement).addEventListener("click", () => this.#reset());
    document.addEventListener("visibilitychange", () => {
      for (const { panel } of this.#paths.values()) {
        const { video } = panel;
        if (!document.hidden && video.paused && video.readyState > 0) void video.play().catch(() => undefined);
      }
    });
    addEventListener("pagehide", () => this.#paths.forEach(({ player }) => player.leave()));
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  }

  #pause(): void {
    this.#take();
    this.#renew();
    this.#waterfalls.showNow(this.#measured);
    this.#recording.pause(performance.now());
  }

  #switch(live: LivePath, on: boolean): void {
    live.on = on;
    live.showState();
    this.#sighted(this.#sighting);
    if (!this.#recording.paused) this.#renew();
    const chosen = new Set(PATHS.filter((path) => this.#paths.get(path)?.on));
    history.replaceState(null, "", `${location.pathname}${queryOf(chosen, location.search)}`);
  }

  #muteAllBut(heard: LivePath): void {
    for (const live of this.#paths.values()) if (live !== heard) live.panel.video.muted = true;
  }

  #reset(): void {
    for (const live of this.#paths.values()) live.reset();
    this.#recording.reset(performance.now());
    this.#renew();
    this.#waterfalls.showNow(this.#measured);
  }

  #sighted(sighting: Sighting): void {
    this.#sighting = sighting;
    const prefixed = sighting && { ...sighting, hls: sighting.hls && this.#address.prefix + sighting.hls };
    for (const [path, live] of this.#paths) live.sighted(prefixed, path === "plain" ? this.#tooEarly(sighting) : null);
    setText(element("summary", HTMLElement), describeSighting(sighting, this.#clock.now()));
  }

  /** A plain player that begins closer to the live edge than it is to stay runs dry at once. */
  #tooEarly(sighting: Sighting): string | null {
    const needed_s = HELD_TARGETS * this.#config.target_duration_s;
    if (!sighting || this.#clock.now() - sighting.started_ms >= needed_s * 1000) return null;
    return `the stream has to be ${needed_s} s long first`;
  }

  async #turn(): Promise<void> {
    await Promise.all([...this.#paths.values()].map((live) => live.measure()));
    for (const live of this.#paths.values()) live.showState();
    for (const quality of this.#qualities) quality.show();
    this.#take();
    if (!this.#recording.paused) this.#renew();
  }

  #take(): void {
    this.#recording.take(new Map(this.#playing().map(([path, { player }]) => [path, player.meter])), performance.now());
  }

  #renew(): void {
    this.#measured = this.#measure();
    this.#show();
  }

  #measure(): Measurement {
    return this.#recording.measurement(
      new Map(this.#playing().map(([path, { state }]) => [path, state])),
      { stream: this.#address.stream, profile: this.#config.profile, clockError_ms: this.#clock.errorMs },
      performance.now(),
      this.#clock.now(),
    );
  }

  #show(): void {
    const { paths, clockError_ms, profile } = this.#measured;
    const latencies: [Path, number][] = [];
    for (const measured of paths) {
      const live = this.#paths.get(measured.path);
      const latency_ms = live?.latency_ms ?? null;
      live?.panel.show(measured, clockError_ms, latency_ms, "now");
      if (latency_ms !== null) latencies.push([measured.path, latency_ms]);
    }
    setText(element("comparison", HTMLElement), compareLatencies(latencies, profile));
    this.#chart.show(this.#measured);
    this.#waterfalls.show(this.#measured);
  }

  #playing(): [Path, LivePath][] {
    return [...this.#paths].filter(([, { on }]) => on);
  }

  #waterfallOf(path: Path): Waterfall | null {
    return this.#paths.get(path)?.account.waterfall ?? null;
  }

  #expose(): void {
    const { whep, hls, plain } = this.#players;
    expose({
      role: "compare",
      ready: true,
      stats: () => ({
        whep: { ...statsOf(whep), waterfall: this.#waterfallOf("whep") },
        hls: { ...hlsStatsOf(hls), waterfall: this.#waterfallOf("hls") },
        plain: { ...hlsStatsOf(plain), waterfall: this.#waterfallOf("plain") },
      }),
      reset: () => this.#reset(),
    });
  }
}

function statsOf({ state, problem, stats, meter }: Player) {
  return { state, problem, ...stats, latency: meter.stats(), methods: meter.medians(), skew: meter.skew() };
}

function rungOf({ level, levels }: HlsPlayer): string | null {
  const playing = levels[level];
  return playing === undefined ? null : `${playing.height}p`;
}

function hlsStatsOf(player: HlsPlayer) {
  const { level, levels, target_s, rate, errors } = player;
  return { ...statsOf(player), level, levels, target_s, rate, errors: [...errors] };
}
