/** Edge: plays a stream over WebRTC (WHEP, draft-ietf-wish-whep), and joins again whenever it is live. */

import type { NodeClock } from "../clock/node-clock.ts";
import { LatencyMeter } from "../latency/meter.ts";
import { ageMs } from "../latency/timecode.ts";
import { Backoff } from "../signalling/backoff.ts";
import { negotiate, Refused, type Resource } from "../signalling/endpoint.ts";
import { watchFrames } from "./frames.ts";
import { Counter, NO_PLAYER_STATS, type Player, type PlayerState, type PlayerStats } from "./player.ts";
import { Rate } from "./rate.ts";
import { ReceiverMeter } from "./receiver-stats.ts";
import type { Sighting } from "./stream-feed.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const DISCONNECTED_MS = 3000; // a short loss of the network heals by itself
const STALLED_MS = 1000; // without a packet
const SILENT_MS = 10_000; // without a packet although the stream is live: join again

interface Connection {
  readonly peer: RTCPeerConnection;
  readonly abort: AbortController;
  readonly meter: ReceiverMeter;
  readonly startedMs: number;
  resource: Resource | null;
  packets: number;
  lastPacketMs: number;
  disconnectedMs: number | null;
}

export class WhepPlayer implements Player {
  state: PlayerState = "waiting";
  problem: string | null = null;
  stats: PlayerStats = NO_PLAYER_STATS;
  readonly meter = new LatencyMeter();

  readonly #video: HTMLVideoElement;
  readonly #endpoint: string;
  readonly #clock: NodeClock;
  readonly #iceServers: RTCIceServer[];
  readonly #backoff = new Backoff();
  readonly #rate = new Rate();
  readonly #stalls = new Counter();
  readonly #dropped = new Counter();
  readonly #frames = new Counter();
  #connection: Connection | null = null;
  #live = false; // the node says so
  #retryAtMs = 0;

  constructor(video: HTMLVideoElement, endpoint: string, clock: NodeClock, iceServers: RTCIceServer[]) {
    this.#video = video;
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#iceServers = iceServers;
    watchFrames(video, ({ presentedMs, codeMs }) => {
      const latency = codeMs === null ? null : ageMs(codeMs, presentedMs + clock.offsetMs);
      this.meter.addTimeCode(performance.now(), latency);
    });
  }

  sighted(sighting: Sighting): void {
    this.#live = sighting?.state === "live";
    if (this.#connection !== null) {
      if (sighting === null && this.state === "stalled") this.#end();
    } else if (this.#live) {
      if (performance.now() >= this.#retryAtMs) void this.#join();
    } else if (sighting === null && this.state === "reconnecting") this.state = "ended";
  }

  async measure(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    const report = await connection.peer.getStats();
    if (this.#connection !== connection) return;
    const nowMs = performance.now();
    const seen = connection.meter.read(report.values(), this.#clock.offsetMs);
    if (seen.packets > connection.packets) connection.lastPacketMs = nowMs;
    connection.packets = seen.packets;
    this.#frames.read(seen.framesDecoded);
    this.#dropped.read(seen.framesDropped);
    this.#stalls.read(seen.freezes);
    if (seen.captureLatency_ms !== null && this.state === "live") this.meter.addCapture(nowMs, seen.captureLatency_ms);
    this.stats = {
      framesDecoded: this.#frames.value,
      width: seen.width,
      height: seen.height,
      bitrate_bps: this.#rate.read(nowMs, seen.bytes),
      buffer_s: seen.jitterBuffer_s,
      stalls: this.#stalls.value,
      dropped: this.#dropped.value,
    };
    this.#judge(connection, nowMs);
  }

  reset(): void {
    this.meter.reset();
    this.#stalls.reset();
    this.#dropped.reset();
  }

  leave(): void {
    this.#release();
  }

  async #join(): Promise<void> {
    this.#release();
    this.state = "connecting";
    const peer = new RTCPeerConnection({ iceServers: this.#iceServers, bundlePolicy: "max-bundle" });
    const abort = new AbortController();
    const startedMs = performance.now();
    const connection: Connection = {
      ...{ peer, abort, startedMs, meter: new ReceiverMeter(), resource: null },
      ...{ packets: 0, lastPacketMs: startedMs, disconnectedMs: null },
    };
    this.#connection = connection;
    const tracks = new MediaStream();
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.ontrack = ({ track }) => tracks.addTrack(track);
    peer.onconnectionstatechange = () => this.#connectionChanged(connection);
    try {
      connection.resource = await negotiate(this.#endpoint, peer, abort.signal);
      this.#video.srcObject = tracks;
      await this.#video.play().catch(() => undefined); // unmuted without a touch of the page: the panel offers to play
    } catch (error) {
      if (this.#connection === connection)
        this.#lost(error instanceof Refused ? error : new Refused(String(error), 422));
    }
  }

  #connectionChanged(connection: Connection): void {
    if (this.#connection !== connection) return;
    const state = connection.peer.connectionState;
    if (state === "failed" || state === "closed") this.#lost(new Refused("the connection is lost", 0));
    connection.disconnectedMs = state === "disconnected" ? performance.now() : null;
  }

  #judge(connection: Connection, nowMs: number): void {
    const silentMs = nowMs - connection.lastPacketMs;
    if (connection.packets === 0 && nowMs - connection.startedMs > CONNECT_TIMEOUT_MS) {
      this.#lost(new Refused("no media arrives", 0));
    } else if (connection.disconnectedMs !== null && nowMs - connection.disconnectedMs > DISCONNECTED_MS) {
      this.#lost(new Refused("the connection is lost", 0));
    } else if (silentMs > SILENT_MS && this.#live) {
      this.#lost(new Refused("no media arrives", 0));
    } else if (connection.packets > 0) {
      this.state = silentMs > STALLED_MS ? "stalled" : "live";
      if (this.state === "live") this.#backoff.succeeded();
      this.problem = null;
    }
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
  }

  #release(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.abort.abort();
    connection?.resource?.delete();
    connection?.peer.close();
    this.#rate.clear();
    this.#frames.restarted();
    this.#dropped.restarted();
    this.#stalls.restarted();
    this.stats = { ...this.stats, bitrate_bps: null, buffer_s: null };
  }
}
