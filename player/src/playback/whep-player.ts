/**
 * Edge: plays a stream over WebRTC (WHEP, draft-ietf-wish-whep), and joins again whenever it is live.
 *
 * It joins without lip sync and so with the least latency; when the sound is switched on it joins once more, with lip
 * sync, and changes over when the new connection plays. It does the same when the picture carries no time code: browsers
 * tell the capture clock only of tracks that they keep in step.
 */

import { type NodeClock, pageNow } from "../clock/node-clock.ts";
import { LatencyMeter } from "../latency/meter.ts";
import type { Shown } from "../latency/timeline.ts";
import { ageMs } from "../latency/timecode.ts";
import { Backoff } from "../signalling/backoff.ts";
import { Refused } from "../signalling/endpoint.ts";
import { CaptureMap } from "./capture-map.ts";
import { type FrameInstant, followFrames, type PresentedFrame, watchFrames } from "./frames.ts";
import { Counter, NO_PLAYER_STATS, type Player, type PlayerState, type PlayerStats } from "./player.ts";
import { Rate } from "./rate.ts";
import { SoundTap } from "./sound-tap.ts";
import type { Sighting } from "./stream-feed.ts";
import { WhepConnection } from "./whep-connection.ts";

const TIME_CODE_WAIT_MS = 3000; // after the first packets
const FRESH_MS = 200; // since a picture was presented: older ones say nothing of how late it plays now
const GLIDE_MS_PER_MS = 0.1; // of delay given up: plays a tenth faster meanwhile
const SILENT_MS = 10_000; // without a packet although the stream is live: join again

export class WhepPlayer implements Player {
  state: PlayerState = "waiting";
  problem: string | null = null;
  stats: PlayerStats = NO_PLAYER_STATS;
  readonly meter = new LatencyMeter();
  onShown: ((picture: Shown) => void) | null = null;
  capturedMs: number | null = null;

  readonly #video: HTMLVideoElement;
  readonly #endpoint: string;
  readonly #clock: NodeClock;
  readonly #iceServers: RTCIceServer[];
  readonly #backoff = new Backoff();
  readonly #rate = new Rate();
  readonly #stalls = new Counter();
  readonly #dropped = new Counter();
  readonly #frames = new Counter();
  #shown: WhepConnection | null = null;
  #successor: WhepConnection | null = null; // takes over when it plays
  #sighting: Sighting;
  readonly #captures = new CaptureMap();
  readonly #lipSyncAlways: boolean;
  #lipSync: boolean;
  #delayMs = 0;
  #wantedDelayMs = 0;
  #delaySetMs = 0;
  #frame: FrameInstant | null = null;
  #retryAtMs = 0;
  #render_ms = 0; // from playout, which the capture clock is told for, to the screen

  /** `lipSync`: from the first connection on, for who will want the sound, or the capture clock, in any case. */
  constructor(
    video: HTMLVideoElement,
    endpoint: string,
    clock: NodeClock,
    iceServers: RTCIceServer[],
    { lipSync = false } = {},
  ) {
    this.#lipSyncAlways = this.#lipSync = lipSync;
    this.#video = video;
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#iceServers = iceServers;
    watchFrames(video, (frame) => this.#presented(frame));
    followFrames(video, (frame) => {
      this.#frame = frame;
      this.capturedMs = this.#captures.capturedMs(frame.rtpTimestamp, frame.presentedMs + clock.offsetMs);
    });
    new SoundTap(video, this.meter, (heardMs) => this.meter.addBeep(performance.now(), heardMs + clock.offsetMs));
    video.addEventListener("volumechange", () => !video.muted && this.#keepLipSync());
  }

  /** Played so many ms later than need be. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Play later than need be, so that what plays later anyway can be met. Less than before: little by little. */
  delay(ms: number): void {
    this.#wantedDelayMs = ms;
    if (ms > this.#delayMs || this.#shown === null) this.#setDelay(ms);
  }

  #setDelay(ms: number): void {
    this.#delayMs = ms;
    this.#delaySetMs = performance.now();
    this.#shown?.delay(ms);
  }

  /** All at once, the browser would skip what lies between. */
  #glide(): void {
    const nowMs = performance.now();
    if (this.#delayMs > this.#wantedDelayMs) {
      const lessMs = (nowMs - this.#delaySetMs) * GLIDE_MS_PER_MS;
      this.#setDelay(Math.max(this.#wantedDelayMs, this.#delayMs - lessMs));
    }
  }

  wake(): void {
    this.#backoff.succeeded();
    this.#retryAtMs = 0;
    if (this.#shown !== null && this.state !== "connecting" && this.#shown.stalled) {
      this.#release();
      this.state = "reconnecting";
    }
    this.sighted(this.#sighting);
  }

  sighted(sighting: Sighting): void {
    this.#sighting = sighting;
    if (typeof RTCPeerConnection === "undefined") {
      this.state = "failed"; // and stays so; some browsers and some administrators switch it off
      this.problem = "This browser has no WebRTC, or does not allow it.";
      return;
    }
    if (this.#shown !== null) return;
    if (sighting?.state === "live" && performance.now() >= this.#retryAtMs) void this.#join();
    if (sighting === null && this.state !== "waiting") this.state = "ended";
  }

  async measure(): Promise<void> {
    await this.#takeOver();
    const connection = this.#shown;
    if (connection === null) return;
    this.#glide();
    const seen = await connection.measure(this.#clock.offsetMs);
    if (this.#shown !== connection) return;
    const nowMs = performance.now();
    this.#frames.read(seen.framesDecoded);
    this.#dropped.read(seen.framesDropped);
    this.#stalls.read(seen.freezes);
    if (seen.captureLatency_ms !== null && this.state === "live") {
      this.meter.addCapture(nowMs, seen.captureLatency_ms + this.#render_ms);
      this.#learn(seen.captureLatency_ms);
    }
    this.stats = {
      framesDecoded: this.#frames.value,
      width: seen.width,
      height: seen.height,
      bitrate_bps: this.#rate.read(nowMs, seen.bytes),
      buffer_s: seen.jitterBuffer_s,
      stalls: this.#stalls.value,
      dropped: this.#dropped.value,
      roundTrip_ms: seen.roundTrip_ms,
      clock_error_ms: this.#clock.errorMs,
    };
    this.#judge(connection);
  }

  #presented(frame: PresentedFrame): void {
    const { offsetMs } = this.#clock;
    const displayed_ms = frame.presentedMs + offsetMs;
    const age = frame.codeMs === null ? null : ageMs(frame.codeMs, displayed_ms);
    this.#render_ms = frame.presentedMs - frame.composedMs;
    this.meter.addTimeCode(performance.now(), age);
    this.onShown?.({
      drawn_ms: age === null || this.meter.method !== "timecode" ? null : displayed_ms - age,
      capture_ms: null,
      received_ms: frame.receivedMs === null ? null : frame.receivedMs + offsetMs,
      decode_ms: frame.decodeMs,
      presented_ms: frame.composedMs + offsetMs,
      displayed_ms,
      rendition: null,
    });
  }

  #learn(latencyMs: number): void {
    const frame = this.#frame;
    if (frame !== null && pageNow() - frame.presentedMs < FRESH_MS) {
      this.#captures.learn(frame.rtpTimestamp, frame.presentedMs + this.#clock.offsetMs, latencyMs);
    }
  }

  reset(): void {
    this.meter.reset();
    this.#stalls.reset();
    this.#dropped.reset();
  }

  leave(): void {
    this.#release();
    this.state = "waiting";
  }

  async #join(): Promise<void> {
    this.#release();
    this.state = "connecting";
    const connection = (this.#shown = new WhepConnection(this.#iceServers, this.#lipSync));
    try {
      await connection.open(this.#endpoint);
      if (this.#shown === connection) this.#show(connection);
    } catch (error) {
      if (this.#shown === connection) this.#lost(error instanceof Refused ? error : new Refused(String(error), 422));
    }
  }

  #show(connection: WhepConnection): void {
    connection.delay(this.#delayMs);
    this.#video.srcObject = connection.tracks;
    this.#video.play().catch(() => undefined); // with sound, before the page was touched: the panel offers to play
  }

  #judge(connection: WhepConnection): void {
    const broken = connection.broken ?? (connection.silentMs > SILENT_MS && this.#isLive ? "no media arrives" : null);
    const gone = this.#sighting === null && (connection.stalled || broken !== null);
    if (gone) this.#end();
    else if (broken !== null) this.#lost(new Refused(broken, 0));
    else if (connection.playing) {
      this.state = connection.stalled ? "stalled" : "live";
      this.problem = null;
      if (!connection.stalled) this.#backoff.succeeded();
      const unmeasured = connection.ageMs > TIME_CODE_WAIT_MS && this.meter.method !== "timecode";
      if (unmeasured && connection.report?.hasSound) this.#keepLipSync();
    }
  }

  get #isLive(): boolean {
    return this.#sighting?.state === "live";
  }

  #keepLipSync(): void {
    this.#lipSync = true;
    if (this.#shown === null || this.#shown.lipSync || this.#successor !== null) return;
    const successor = (this.#successor = new WhepConnection(this.#iceServers, true));
    successor.open(this.#endpoint).catch(() => this.#successor === successor && this.#dropSuccessor());
  }

  async #takeOver(): Promise<void> {
    const successor = this.#successor;
    if (successor === null) return;
    await successor.measure(this.#clock.offsetMs);
    if (this.#successor !== successor) return;
    if (successor.broken !== null) return this.#dropSuccessor();
    if (!successor.playing) return;
    this.#successor = null;
    this.#release();
    this.#shown = successor;
    this.#show(successor);
  }

  #dropSuccessor(): void {
    this.#successor?.close();
    this.#successor = null;
  }

  #lost(refused: Refused): void {
    this.#release();
    this.state = refused.passing ? "reconnecting" : "failed";
    this.problem = refused.message;
    this.#retryAtMs = performance.now() + this.#backoff.failed(refused.retryAfter_s);
  }

  #end(): void {
    this.#release();
    this.state = "ended";
    this.problem = null;
    this.#lipSync = this.#lipSyncAlways || !this.#video.muted;
  }

  #release(): void {
    this.#dropSuccessor();
    this.#shown?.close();
    this.#shown = null;
    for (const counter of [this.#frames, this.#dropped, this.#stalls]) counter.restarted();
    this.#rate.clear();
    this.#captures.restarted();
    this.#frame = this.capturedMs = null;
    this.stats = { ...this.stats, bitrate_bps: null, buffer_s: null };
  }
}
