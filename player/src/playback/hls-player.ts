/**
 * Edge: plays a stream over LL-HLS, at the distance from the live edge that `latency/controller.ts` decides; or over
 * plain HLS, at the ordinary distance of three target durations (rfc8216bis 4.4.3.8), where nothing needs steering.
 */

import type Hls from "hls.js";
import type { NodeConfig } from "../api.ts";
import type { NodeClock } from "../clock/node-clock.ts";
import { baseTarget, decide, isNearlyEmpty, LatencyTarget } from "../latency/controller.ts";
import { LoadLog, renditionOf } from "../latency/loads.ts";
import { LatencyMeter } from "../latency/meter.ts";
import type { Shown } from "../latency/timeline.ts";
import { ageMs } from "../latency/timecode.ts";
import { Backoff } from "../signalling/backoff.ts";
import { followFrames, type PresentedFrame, watchFrames } from "./frames.ts";
import { engineConfig, type HlsMode, loadEngine } from "./hls-engine.ts";
import { HlsTimeline } from "./hls-timeline.ts";
import type { DateWindow } from "./media-dates.ts";
import { Counter, NO_PLAYER_STATS, type Player, type PlayerState, type PlayerStats } from "./player.ts";
import { MediaRate } from "./rate.ts";
import { rungPilot } from "./rung-pilot.ts";
import { SoundTap } from "./sound-tap.ts";
import type { Sighting } from "./stream-feed.ts";

export interface Level {
  readonly height: number;
  readonly bitrate: number;
}

const CONTROL_EVERY_MS = 100;
const STUCK_MS = 12_000; // without a picture although the stream is there: start over
const STILL_MS = 1000; // without a picture is a stall, whether or not the browser says so
const GONE_MS = 4000; // that the node has not known the stream, and no pictures come: it has ended without saying so
const MAX_ERRORS = 20; // kept for the tests
const WAKE_JUMP_S = 0.5; // behind the target after a sleep: caught up at once
const NEAR_S = 0.1; // to the target: a jump would not be noticed
const PLAIN_HOLD_BACK = 3; // target durations
const SAME_S = 0.05; // by which times in the media are off each other: less than any part
const AUTO = -1;

export class HlsPlayer implements Player {
  state: PlayerState = "waiting";
  problem: string | null = null;
  stats: PlayerStats = NO_PLAYER_STATS;
  readonly meter = new LatencyMeter();
  onShown: ((picture: Shown) => void) | null = null;
  capturedMs: number | null = null;
  /** What hls.js complained about, latest last. */
  readonly errors: string[] = [];

  readonly #video: HTMLVideoElement;
  readonly #clock: NodeClock;
  readonly #config: NodeConfig;
  readonly #timeline: HlsTimeline;
  #mode: HlsMode;
  readonly #backoff = new Backoff();
  readonly #rate = new MediaRate();
  readonly #loads = new LoadLog(); // of pictures; page time
  readonly #stalls = new Counter();
  readonly #dropped = new Counter();
  readonly #frames = new Counter();
  #target: LatencyTarget;
  #hls: Hls | null = null;
  #session: string | null = null; // of what is loaded
  #chosen = AUTO;
  #retryAtMs = 0;
  #progressMs = 0; // when the last new picture was seen
  #place = 0; // frames shown, or seconds played of sound alone
  #sightedMs = 0;
  #follows = true; // the live edge, and not where somebody went back to
  #gentle = false; // on its way to the live edge without a jump
  #beginMs: number | null = null; // where to begin instead of at the live edge, as a capture instant

  constructor(video: HTMLVideoElement, clock: NodeClock, config: NodeConfig, mode: HlsMode = "low-latency") {
    this.#video = video;
    this.#clock = clock;
    this.#config = config;
    this.#mode = mode;
    this.#target = this.#newTarget();
    this.#timeline = new HlsTimeline(video);
    followFrames(video, ({ mediaTime_s }) => (this.capturedMs = this.#timeline.dateAt(mediaTime_s)));
    watchFrames(video, (frame) => this.#presented(frame));
    new SoundTap(video, this.meter, (heardMs) => this.meter.addBeep(performance.now(), heardMs + clock.offsetMs));
    video.addEventListener("playing", () => this.#playing());
    video.addEventListener("seeked", () => this.#arrived());
    video.addEventListener("waiting", () => this.#stalled());
    video.addEventListener("ended", () => this.#enter("ended"));
    setInterval(() => this.#control(), CONTROL_EVERY_MS);
  }

  get levels(): readonly Level[] {
    return this.#hls?.levels.map(({ height, bitrate }) => ({ height, bitrate })) ?? [];
  }

  /** Index of the level that is played; -1 before the first. */
  get level(): number {
    return this.#hls?.currentLevel ?? AUTO;
  }

  get target_s(): number {
    if (this.#mode === "plain") return PLAIN_HOLD_BACK * this.#config.target_duration_s;
    return this.#target.at(performance.now() / 1000);
  }

  get rate(): number {
    return this.#video.playbackRate;
  }

  /** Index of the level chosen by hand; -1 while it is the player's choice. */
  get chosen(): number {
    return this.#chosen;
  }

  /** Play a level from the next segment on; -1 leaves the choice to the player. */
  choose(level: number): void {
    this.#chosen = level;
    if (this.#hls !== null) this.#hls.nextLevel = level;
  }

  get mode(): HlsMode {
    return this.#mode;
  }

  /** Go on by other means, from the same picture. Plain HLS stays further behind, so that the picture is held for it. */
  changeMode(mode: HlsMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#gentle = true;
    this.#video.playbackRate = 1;
    if (this.#hls !== null) this.#hls.lowLatencyMode = mode === "low-latency";
  }

  /** All that can be gone back to; null while not known. */
  get window(): DateWindow | null {
    return this.#timeline.window;
  }

  /** Whether it keeps to the live edge. */
  get follows(): boolean {
    return this.#follows;
  }

  /** What is loaded next begins at this capture instant, null for the live edge. `follow`: it gets to its place gently. */
  beginAt(dateMs: number | null, { follow }: { follow: boolean }): void {
    this.#beginMs = dateMs;
    this.#follows = follow;
    this.#gentle = true;
  }

  /** Show the picture of an instant, and go on from there at the ordinary pace. */
  goTo(dateMs: number): void {
    this.#follows = false;
    this.#video.playbackRate = 1;
    this.jumpTo(dateMs);
  }

  /** Show the picture of an instant; whether it follows the live edge stays as it is. */
  jumpTo(dateMs: number): void {
    this.#gentle = true;
    const position_s = this.#timeline.positionAt(dateMs);
    if (position_s !== null) this.#video.currentTime = position_s;
    else this.#beginMs = dateMs;
  }

  /** Back to the live edge, with a jump. */
  goLive(): void {
    this.#follows = true;
    this.#gentle = false;
    this.#beginMs = null;
    const position_s = this.#hls?.liveSyncPosition ?? this.#nativeEdge_s();
    if (position_s !== null) this.#video.currentTime = position_s;
  }

  wake(): void {
    this.#backoff.succeeded();
    this.#retryAtMs = 0;
    const behind_s = (this.#hls?.latency ?? 0) - this.target_s;
    if (this.#follows && behind_s > WAKE_JUMP_S) this.goLive();
    if (this.#session !== null && this.state !== "ended") this.#hls?.startLoad();
  }

  get captions(): readonly string[] {
    return this.#hls?.subtitleTracks.map(({ name, lang }, index) => name || lang || `Track ${index + 1}`) ?? [];
  }

  /** Index of the captions that are shown; -1 for none. */
  get caption(): number {
    return this.#hls?.subtitleTrack ?? AUTO;
  }

  chooseCaptions(index: number): void {
    if (this.#hls === null) return;
    this.#hls.subtitleDisplay = index >= 0;
    this.#hls.subtitleTrack = index;
  }

  sighted(sighting: Sighting): void {
    const nowMs = performance.now();
    if (sighting !== null) this.#sightedMs = nowMs;
    const running = this.state !== "waiting" && this.state !== "live" && this.state !== "ended";
    if (running && nowMs - this.#sightedMs > GONE_MS) {
      this.#hls?.stopLoad();
      this.#enter("ended");
    }
    if (!sighting || sighting.hls === null) return;
    const another = sighting.session !== this.#session;
    const broken = this.state === "reconnecting" && nowMs >= this.#retryAtMs;
    const playedOut = this.state === "live" || this.state === "stalled" ? this.#ending : true;
    if (broken || (another && playedOut)) void this.#load(sighting.hls, sighting.session);
  }

  async measure(): Promise<void> {
    const nowMs = performance.now();
    const quality = this.#video.getVideoPlaybackQuality();
    this.#watchProgress(quality.totalVideoFrames, nowMs);
    this.#frames.read(quality.totalVideoFrames);
    this.#dropped.read(quality.droppedVideoFrames);
    const playing = this.#session !== null && this.state !== "ended";
    this.stats = {
      framesDecoded: this.#frames.value,
      width: this.#video.videoWidth || null,
      height: this.#video.videoHeight || null,
      bitrate_bps: playing ? this.#rate.read() : null,
      buffer_s: playing ? this.#forward_s() : null,
      stalls: this.#stalls.value,
      dropped: this.#dropped.value,
      roundTrip_ms: null,
      clock_error_ms: this.#clock.errorMs,
    };
    const waiting = this.state === "connecting" || this.state === "stalled";
    if (waiting && nowMs - this.#progressMs > STUCK_MS) this.#broken("no new pictures arrive");
  }

  /** Chromium goes on silently with the sound when only the picture is missing. */
  #watchProgress(frames: number, nowMs: number): void {
    const place = this.#video.videoWidth > 0 ? frames : this.#video.currentTime;
    if (place !== this.#place || document.hidden || this.#video.playbackRate === 0) {
      this.#progressMs = nowMs;
      if (this.state === "stalled" && !this.#video.paused) this.#playing();
    } else if (nowMs - this.#progressMs > STILL_MS && !this.#video.paused) this.#stalled();
    this.#place = place;
  }

  reset(): void {
    this.meter.reset();
    this.#stalls.reset();
    this.#dropped.reset();
    this.errors.length = 0;
  }

  leave(): void {
    this.#release();
    this.#follows = true;
    this.#gentle = false;
    this.#beginMs = null;
    this.#enter("waiting");
  }

  async #load(url: string, session: string): Promise<void> {
    this.#release();
    this.#session = session;
    this.#progressMs = performance.now();
    this.#target = this.#newTarget();
    this.#enter("connecting");
    const Engine = await loadEngine();
    if (this.#session !== session) return;
    if (Engine === null) return this.#loadNative(url);
    const hls = new Engine({ ...engineConfig(this.target_s, this.#mode), abrController: rungPilot(Engine) });
    this.#hls = hls;
    this.#timeline.attach(hls);
    this.#listen(hls, Engine);
    hls.loadSource(url);
    hls.attachMedia(this.#video);
  }

  #loadNative(url: string): void {
    if (this.#video.canPlayType("application/vnd.apple.mpegurl") === "") {
      this.problem = "This browser plays no HLS.";
      return this.#enter("failed");
    }
    this.#video.src = url;
    void this.#play();
  }

  #listen(hls: Hls, { Events, ErrorTypes }: typeof Hls): void {
    let recoveredMs = -Infinity;
    hls.on(Events.MANIFEST_PARSED, () => {
      if (this.#chosen < hls.levels.length) hls.loadLevel = this.#chosen;
      void this.#play();
    });
    hls.on(Events.FRAG_LOADED, (_event, { frag, part, payload }) => {
      if (frag.sn === "initSegment") return;
      const duration_s = part?.duration ?? frag.duration;
      this.#rate.add(frag.type, payload.byteLength, duration_s);
      if (frag.type !== "main" || frag.programDateTime === null) return;
      if (part !== null) this.#timePart(hls, part.end);
      const load = { rendition: renditionOf((part ?? frag).url ?? ""), loadedMs: (part ?? frag).stats.loading.end };
      this.#loads.add(frag.programDateTime + (part?.fragOffset ?? 0) * 1000, duration_s, load);
    });
    hls.on(Events.ERROR, (_event, { type, details, fatal }) => {
      this.errors.push(fatal ? `${details} (fatal)` : details);
      if (this.errors.length > MAX_ERRORS) this.errors.shift();
      if (!fatal) return;
      const nowMs = performance.now();
      if (type === ErrorTypes.MEDIA_ERROR && nowMs - recoveredMs > STUCK_MS) {
        recoveredMs = nowMs;
        hls.recoverMediaError();
      } else
        this.#broken(type === ErrorTypes.NETWORK_ERROR ? "the node does not answer" : `playback broke (${details})`);
    });
  }

  /** Whether it has to go to another place before it is where it should begin. */
  #goesToItsBeginning(): boolean {
    const position_s = this.#beginMs === null ? null : this.#timeline.positionAt(this.#beginMs);
    this.#beginMs = null;
    if (position_s === null) return false;
    this.#video.currentTime = position_s;
    return true;
  }

  #nativeEdge_s(): number | null {
    const { seekable } = this.#video;
    return this.#hls !== null || seekable.length === 0 ? null : seekable.end(seekable.length - 1) - this.target_s;
  }

  async #play(): Promise<void> {
    await this.#video.play().catch(() => undefined); // unmuted without a touch of the page: the panel offers to play
  }

  #playing(): void {
    if (this.#session === null || this.#goesToItsBeginning()) return;
    this.#backoff.succeeded();
    this.problem = null;
    this.#enter("live");
  }

  /** A place that is buffered already is played on from without a word. */
  #arrived(): void {
    const plays = !this.#video.paused && this.#video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (this.state === "connecting" && plays) this.#playing();
  }

  #stalled(): void {
    if (this.state !== "live" || this.#video.seeking || this.#video.ended) return;
    if (this.#ending) return this.#enter("ended");
    this.#stalls.add();
    this.#target.stalled(performance.now() / 1000);
    this.#enter("stalled");
  }

  /** The playlist says that no more will come. */
  get #ending(): boolean {
    return this.#hls?.latestLevelDetails?.live === false;
  }

  #presented(frame: PresentedFrame): void {
    const { presentedMs, mediaTime_s, codeMs } = frame;
    const [nowMs, nodeMs] = [performance.now(), presentedMs + this.#clock.offsetMs];
    const age = codeMs === null ? null : ageMs(codeMs, nodeMs);
    this.meter.addTimeCode(nowMs, age);
    const capturedMs = this.#timeline.dateAt(mediaTime_s);
    if (capturedMs === null || this.state !== "live") return;
    this.meter.addCapture(nowMs, nodeMs - capturedMs);
    const load = this.#loads.find(capturedMs);
    this.onShown?.({
      drawn_ms: age === null || this.meter.method !== "timecode" ? null : nodeMs - age,
      capture_ms: capturedMs,
      received_ms: load === null ? null : performance.timeOrigin + load.loadedMs + this.#clock.offsetMs,
      decode_ms: null,
      presented_ms: frame.composedMs + this.#clock.offsetMs,
      displayed_ms: nodeMs,
      rendition: load?.rendition ?? "",
    });
  }

  /** How late a part is, beside a live edge that moves on by the clock; what is loaded again, or from further back, tells nothing. */
  #timePart(hls: Hls, end_s: number): void {
    const details = hls.latestLevelDetails;
    const isNext = end_s > this.#video.currentTime + this.#forward_s() + SAME_S;
    if (details === null || this.state !== "live" || !this.#follows || this.#gentle || !isNext) return;
    this.#target.arrived(performance.now() / 1000, details.edge + details.age - end_s);
  }

  #control(): void {
    const [hls, video] = [this.#hls, this.#video];
    const details = hls?.latestLevelDetails;
    if (!hls || !details?.live || this.state !== "live" || video.seeking || video.paused || !this.#follows) return;
    if (this.#mode === "plain") return this.#fallBack(hls.latency);
    const part_s = details.partTarget || this.#config.part_target_s;
    const forward_s = this.#forward_s();
    if (isNearlyEmpty(forward_s, part_s)) this.#target.nearlyEmpty(performance.now() / 1000);
    const target_s = this.target_s;
    hls.targetLatency = target_s;
    const decision = decide({ latency_s: hls.latency, forward_s, target_s, part_s, gentle: this.#gentle });
    if (hls.latency - target_s < NEAR_S) this.#gentle = false;
    if (decision.kind === "seek") video.currentTime += decision.ahead_s;
    else if (video.playbackRate !== decision.rate) video.playbackRate = decision.rate;
  }

  /** Plain HLS needs no steering, but its distance: who comes from low latency waits for it with the picture held. */
  #fallBack(latency_s: number): void {
    const holds = this.#gentle && latency_s < this.target_s;
    if (!holds) this.#gentle = false;
    const rate = holds ? 0 : 1;
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
  }

  #forward_s(): number {
    const { buffered, currentTime } = this.#video;
    for (let range = buffered.length - 1; range >= 0; range--) {
      if (buffered.start(range) <= currentTime) return Math.max(0, buffered.end(range) - currentTime);
    }
    return 0;
  }

  #broken(problem: string): void {
    this.#release();
    this.problem = problem;
    this.#retryAtMs = performance.now() + this.#backoff.failed();
    this.#enter("reconnecting");
  }

  #release(): void {
    this.#hls?.destroy();
    this.#hls = null;
    this.#timeline.attach(null);
    this.capturedMs = null;
    this.#session = null;
    this.#video.playbackRate = 1;
    this.#rate.clear();
    this.#loads.clear();
    this.#frames.restarted();
    this.#dropped.restarted();
  }

  #newTarget(): LatencyTarget {
    return new LatencyTarget(baseTarget(this.#config), this.#config.part_target_s);
  }

  #enter(state: PlayerState): void {
    this.state = state;
  }
}
