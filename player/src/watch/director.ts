/** Edge: which player is seen: starts them, judges them, and changes from one to the other at the same moment. */

import { ageMs } from "../latency/timecode.ts";
import { followFrames, StripReader } from "../playback/frames.ts";
import type { HlsPlayer } from "../playback/hls-player.ts";
import type { Player } from "../playback/player.ts";
import type { Sighting } from "../playback/stream-feed.ts";
import { MOST_DELAY_MS } from "../playback/whep-connection.ts";
import type { WhepPlayer } from "../playback/whep-player.ts";
import { Choice, type Path, type Preference, StallWatch } from "./choice.ts";
import type { Source, Stage } from "./stage.ts";
import { nextStep } from "./switch-plan.ts";

const START_MS = 3000; // for the first picture over WebRTC, before HLS is tried
const PREPARE_MS = 8000; // for a change that nobody waits for
const HURRY_MS = 60_000; // for one that has to catch up first
const CLOCKLESS_MS = 4000; // that a player's capture clock is waited for, before it is changed all the same
const WEBRTC_SETTLES_PER_MS = 10; // Chromium changes its jitter buffer by 100 ms a second
const SEEK_SETTLES_MS = 250;
const TOO_MANY_STALLS = { most: 3, withinMs: 20_000 };
const SWITCHES_KEPT = 50;

export interface Switch {
  readonly from: Path | null;
  readonly to: Path;
  /** How long the picture was held for it. */
  readonly held_ms: number;
  /** Media time of the first new picture less that of the last old one, by the capture clocks. */
  readonly jump_ms: number | null;
  /** The same by the time code in the pictures. */
  readonly jump_by_time_code_ms: number | null;
}

interface Change {
  readonly to: Path;
  /** To another moment on purpose: back in time, or to the live edge. */
  readonly jumps: boolean;
  deadlineMs: number;
  readyMs: number | null;
  settledMs: number;
  heldMs: number | null;
}

export class Director {
  current: Path | null = null;
  readonly switches: Switch[] = [];
  readonly choice = new Choice();
  readonly #whep: WhepPlayer;
  readonly #hls: HlsPlayer;
  readonly #stage: Stage;
  readonly #stalls = new StallWatch(TOO_MANY_STALLS.most, TOO_MANY_STALLS.withinMs);
  readonly #strips: Readonly<Record<Source, StripReader>> = { webrtc: new StripReader(), hls: new StripReader() };
  #change: Change | null = null;
  #sighting: Sighting;

  constructor(stage: Stage, whep: WhepPlayer, hls: HlsPlayer) {
    this.#stage = stage;
    this.#whep = whep;
    this.#hls = hls;
    followFrames(stage.videos.webrtc, () => this.#next === "webrtc" && this.#step());
    followFrames(stage.videos.hls, () => this.#next !== null && this.#next !== "webrtc" && this.#step());
  }

  /** Where it is on its way to; null when it stays. */
  get next(): Path | null {
    return this.#next;
  }

  get #next(): Path | null {
    return this.#change?.to ?? null;
  }

  get player(): Player | null {
    return this.current === null ? null : this.#playerOf(this.current);
  }

  /** Somebody has gone back; nothing changes by itself until they are live again. */
  get rewound(): boolean {
    return this.#hls.follows === false;
  }

  /** What this browser can play of the stream. */
  get offered(): readonly Path[] {
    const sighting = this.#sighting;
    const webrtc = typeof RTCPeerConnection !== "undefined" && sighting != null && sighting.whep !== null;
    return [...(webrtc ? (["webrtc"] as const) : []), ...(sighting?.hls != null ? (["ll-hls", "hls"] as const) : [])];
  }

  sighted(sighting: Sighting): void {
    if (sighting && this.#sighting === null) this.choice.again();
    this.#sighting = sighting;
    for (const path of [this.current, this.#next]) if (path !== null) this.#playerOf(path).sighted(sighting);
  }

  prefer(preference: Preference): void {
    this.choice.prefer(preference);
    if (this.rewound && preference === "webrtc") this.#hls.goLive(); // WebRTC has nothing to go back to
    this.#decide();
  }

  /** Show the picture of an instant, and stay that far behind. */
  goTo(dateMs: number): void {
    if (this.current !== null && this.current !== "webrtc") {
      this.#cancel();
      return this.#hls.goTo(dateMs);
    }
    const path = this.choice.preference === "hls" ? "hls" : "ll-hls";
    if (!this.offered.includes(path)) return;
    this.#cancel();
    this.#hls.beginAt(dateMs, { follow: false });
    this.#begin(path, true);
  }

  goLive(): void {
    this.#hls.goLive();
    if (this.current === "webrtc" && this.#change?.jumps === true) this.#cancel();
    this.#decide();
  }

  wake(networkChanged: boolean): void {
    if (networkChanged) this.choice.again();
    for (const path of [this.current, this.#next]) if (path !== null) this.#playerOf(path).wake();
  }

  leave(): void {
    this.#whep.leave();
    this.#hls.leave();
  }

  /** Several times a second. */
  async beat(): Promise<void> {
    const used = [this.current, this.#next].filter((path) => path !== null).map((path) => this.#playerOf(path));
    await Promise.all([...new Set(used)].map((player) => player.measure()));
    if (this.#stage.paused) return;
    if (this.#sighting?.state === "live") {
      this.#judgeCurrent();
      this.#judgeChange();
    }
    this.#decide();
    this.#step();
    await this.#stage.tryToPlay();
  }

  #judgeCurrent(): void {
    const [path, nowMs] = [this.current, performance.now()];
    if (path === null) return;
    const { state, stats } = this.#playerOf(path);
    const lost = state === "reconnecting" || state === "failed" || (path === "webrtc" && state === "stalled");
    const stalls = path === "ll-hls" && this.#stalls.tooMany(stats.stalls, nowMs);
    if (lost || stalls) this.choice.failed(path, nowMs);
    else if (state === "live") this.choice.plays(path, nowMs);
    if (stalls) this.#stalls.reset();
  }

  #judgeChange(): void {
    const [change, nowMs] = [this.#change, performance.now()];
    if (change === null) return;
    if (this.#playerOf(change.to).state !== "failed" && nowMs < change.deadlineMs) return;
    this.choice.failed(change.to, nowMs);
    this.#cancel();
  }

  #decide(): void {
    if (this.rewound || this.#stage.paused) return;
    const wanted = this.choice.best(this.offered, performance.now());
    if (wanted === null || wanted === (this.#next ?? this.current)) return;
    this.#cancel();
    if (wanted === this.current) return;
    if (this.current !== null && sourceOf(wanted) === sourceOf(this.current)) this.#changeMode(wanted);
    else this.#begin(wanted, false);
  }

  /** Between LL-HLS and plain HLS: the same player, and so the same picture. */
  #changeMode(to: Path): void {
    this.#log(this.current, to, 0, 0, 0);
    this.#hls.changeMode(modeOf(to));
    this.#stalls.reset();
    this.current = to;
  }

  #begin(to: Path, jumps: boolean): void {
    const [nowMs, shown] = [performance.now(), this.player];
    const lives = shown?.state === "live";
    this.#change = {
      to,
      jumps,
      deadlineMs: nowMs + (shown === null && to === "webrtc" ? START_MS : PREPARE_MS),
      readyMs: null,
      settledMs: 0,
      heldMs: null,
    };
    if (to === "webrtc") {
      const latencyMs = shown?.meter.stats(nowMs - 2000).p50_ms ?? 0;
      this.#whep.delay(jumps || !lives ? 0 : latencyMs);
    } else {
      this.#hls.changeMode(modeOf(to));
      if (!jumps) this.#hls.beginAt(lives ? null : (shown?.capturedMs ?? null), { follow: true });
    }
    this.#stage.prepare(sourceOf(to));
    this.#playerOf(to).sighted(this.#sighting);
  }

  #cancel(): void {
    const change = this.#change;
    if (change === null) return;
    this.#change = null;
    if (change.heldMs !== null) void this.#stage.play();
    this.#playerOf(change.to).leave();
    this.#stage.rest(sourceOf(change.to));
  }

  #step(): void {
    const [change, nowMs] = [this.#change, performance.now()];
    if (change === null || nowMs < change.settledMs) return;
    const [shown, next] = [this.player, this.#playerOf(change.to)];
    if (next.state !== "live" || this.#stage.videos[sourceOf(change.to)].seeking) return;
    change.readyMs ??= nowMs;
    const shownLives = shown !== null && (shown.state === "live" || change.heldMs !== null);
    const clockless = next.capturedMs === null || shown?.capturedMs === null;
    if (clockless && shownLives && !change.jumps && nowMs - change.readyMs < CLOCKLESS_MS) return;
    const step = nextStep({
      shownMs: change.jumps ? null : (shown?.capturedMs ?? null),
      nextMs: next.capturedMs,
      held: change.heldMs !== null,
      shownLives,
      next: change.to === "webrtc" ? "delays" : "seeks",
      mostDelayMs: MOST_DELAY_MS - this.#whep.delayMs,
    });
    if (step.kind === "swap") this.#swap(change);
    else if (step.kind === "hold") {
      change.heldMs = nowMs;
      change.deadlineMs = nowMs + PREPARE_MS;
      this.#stage.hold();
    } else if (step.kind === "go back") this.#goBack(change, step.byMs);
    else if (step.kind === "hurry") this.#hurry(change);
  }

  #goBack(change: Change, byMs: number): void {
    if (change.to === "webrtc") {
      this.#whep.delay(this.#whep.delayMs + byMs);
      change.settledMs = performance.now() + byMs * WEBRTC_SETTLES_PER_MS;
      change.deadlineMs = Math.max(change.deadlineMs, change.settledMs + PREPARE_MS);
    } else if (this.#hls.capturedMs !== null) {
      this.#hls.jumpTo(this.#hls.capturedMs - byMs);
      change.settledMs = performance.now() + SEEK_SETTLES_MS;
    }
  }

  /** Further behind than WebRTC can be delayed: play faster, until it can. */
  #hurry(change: Change): void {
    if (this.current === "hls") this.#changeMode("ll-hls");
    change.deadlineMs = performance.now() + HURRY_MS;
    change.settledMs = performance.now() + 1000;
  }

  #swap(change: Change): void {
    const [from, to] = [this.current, change.to];
    const [old, now] = [this.player, this.#playerOf(to)];
    const jump = old?.capturedMs != null && now.capturedMs !== null ? now.capturedMs - old.capturedMs : null;
    const held = change.heldMs === null ? 0 : performance.now() - change.heldMs;
    void this.#log(from, to, held, jump, from === null ? null : undefined);
    this.#change = null;
    this.current = to;
    this.#stalls.reset();
    this.#stage.show(sourceOf(to));
    if (from !== null) {
      this.#playerOf(from).leave();
      this.#stage.rest(sourceOf(from));
    }
    this.#whep.delay(0);
  }

  /** The time codes are read of the pictures as they are now. */
  async #log(
    from: Path | null,
    to: Path,
    held_ms: number,
    jump_ms: number | null,
    byCode: number | null | undefined,
  ): Promise<void> {
    const codes = byCode === undefined && from !== null ? [from, to].map((path) => this.#readCode(sourceOf(path))) : [];
    const [before = null, after = null] = await Promise.all(codes);
    const jump_by_time_code_ms = byCode ?? (before === null || after === null ? null : ageMs(before, after));
    this.switches.push({ from, to, held_ms, jump_ms, jump_by_time_code_ms });
    if (this.switches.length > SWITCHES_KEPT) this.switches.shift();
  }

  #readCode(source: Source): Promise<number | null> {
    return this.#strips[source].read(this.#stage.videos[source]);
  }

  #playerOf(path: Path): WhepPlayer | HlsPlayer {
    return path === "webrtc" ? this.#whep : this.#hls;
  }
}

function sourceOf(path: Path): Source {
  return path === "webrtc" ? "webrtc" : "hls";
}

function modeOf(path: Path): "low-latency" | "plain" {
  return path === "hls" ? "plain" : "low-latency";
}
