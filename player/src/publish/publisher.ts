/**
 * Edge: one broadcast over WHIP (RFC 9725), from start to stop.
 *
 * `connecting` -> `live` -> `ended`; a connection that breaks is `reconnecting` until it is `live` again, on the same
 * capture, as `ReconnectPlan` says; an offer that is refused at the first attempt is `failed`.
 *
 * A session that is left for a new one is not said goodbye to before the node has taken the new one: a goodbye would end
 * the broadcast, and with it the HLS session. Its media stops at once, for only a silent publisher can be replaced.
 */

import { negotiate, Refused, type Resource } from "../signalling/endpoint.ts";
import { chooseCodecs, type PublishOptions, scaleDown } from "./options.ts";
import { ReconnectPlan, type Step } from "./reconnect.ts";
import { NO_SENDER_STATS, SenderMeter, type SenderStats } from "./sender-stats.ts";

export type PublisherState = "connecting" | "live" | "reconnecting" | "ended" | "failed";
export type Kind = "audio" | "video";

const AUDIO_BPS = 96_000;

interface Connection {
  readonly peer: RTCPeerConnection;
  readonly meter: SenderMeter;
  resource: Resource | null;
}

export class Publisher {
  state: PublisherState = "connecting";
  stats: SenderStats = NO_SENDER_STATS;
  /** Set when `failed` or `reconnecting`. */
  refused: Refused | null = null;
  /** Whether media ever flowed. */
  wasLive = false;
  /** How often the connection came back: with the session kept, and with a new one. */
  readonly returns = { restarted: 0, anew: 0 };

  readonly #endpoint: string;
  readonly #stream: MediaStream;
  readonly #options: PublishOptions;
  readonly #iceServers: RTCIceServer[];
  readonly #onState: () => void;
  readonly #abort = new AbortController();
  readonly #plan = new ReconnectPlan();
  #connection: Connection | null = null;
  #left: Connection | null = null; // to be closed once a new one is accepted
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: "restart" | "anew" | null = null;

  constructor(
    endpoint: string,
    stream: MediaStream,
    options: PublishOptions,
    iceServers: RTCIceServer[],
    onState: () => void,
  ) {
    this.#endpoint = endpoint;
    this.#stream = stream;
    this.#options = options;
    this.#iceServers = iceServers;
    this.#onState = onState;
    addEventListener("online", () => this.#follow(this.#plan.networkBack()), { signal: this.#abort.signal });
  }

  /** Offer; resolves when the answer is applied, or when it was refused. */
  async start(): Promise<void> {
    const peer = new RTCPeerConnection({ iceServers: this.#iceServers, bundlePolicy: "max-bundle" });
    const connection: Connection = { peer, meter: new SenderMeter(), resource: null };
    this.#connection = connection;
    peer.onconnectionstatechange = () => this.#connection === connection && this.#connectionChanged(connection);
    try {
      await addTracks(peer, this.#stream, this.#options);
      connection.resource = await negotiate(this.#endpoint, peer, this.#abort.signal);
      close(this.#left);
      this.#left = null;
      if (peer.connectionState !== "connected") this.#follow(this.#plan.answered());
    } catch (error) {
      if (this.#connection === connection && !this.#abort.signal.aborted) this.#notAccepted(refusalOf(error));
    }
  }

  stop(): void {
    if (this.state === "ended") return;
    this.#abort.abort();
    clearTimeout(this.#timer);
    for (const connection of [this.#left, this.#connection]) {
      connection?.resource?.delete();
      close(connection);
    }
    this.#connection = this.#left = null;
    this.#enter("ended");
  }

  /** Send another track of the same kind, which the stream has already, instead; nothing is negotiated. */
  async replace(track: MediaStreamTrack): Promise<void> {
    hint(track, this.#options);
    const sender = this.#connection?.peer.getTransceivers().find(({ receiver }) => receiver.track.kind === track.kind);
    await sender?.sender.replaceTrack(track);
  }

  /** Look at what is being sent; a few times a second. */
  async measure(): Promise<void> {
    const connection = this.#connection;
    if (connection === null || this.state !== "live") return;
    const report = await connection.peer.getStats();
    if (this.#connection === connection) this.stats = connection.meter.read(report.values(), performance.now());
  }

  #connectionChanged(connection: Connection): void {
    const state = connection.peer.connectionState;
    if (state === "connected") {
      this.#follow(this.#plan.connected());
      this.refused = null;
      this.wasLive = true;
      if (this.#last !== null) this.returns[this.#last === "restart" ? "restarted" : "anew"]++;
      this.#last = null;
      this.#enter("live");
    } else if (state === "disconnected") this.#lost(this.#plan.disconnected());
    else if (state === "failed" || state === "closed") this.#lost(this.#plan.failed());
  }

  #lost(step: Step | null): void {
    this.stats = NO_SENDER_STATS;
    this.#enter("reconnecting");
    this.#follow(step);
  }

  #follow(step: Step | null): void {
    if (step === null || this.#abort.signal.aborted) return;
    clearTimeout(this.#timer);
    if (step.kind === "restart") this.#timer = setTimeout(() => void this.#restart(), step.inMs);
    if (step.kind === "anew") this.#timer = setTimeout(() => this.#anew(), step.inMs);
  }

  async #restart(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    this.#last = "restart";
    let next: Step;
    try {
      await connection.resource?.restartIce(connection.peer, this.#abort.signal);
      next = this.#plan.restarted();
    } catch (error) {
      this.refused = refusalOf(error);
      next = this.#plan.restartRefused(this.refused.status);
    }
    if (this.#connection !== connection || connection.peer.connectionState === "connected") return;
    this.#follow(next);
    this.#onState();
  }

  #anew(): void {
    const connection = this.#connection;
    this.#last = this.wasLive ? "anew" : null;
    if (connection?.resource) {
      close(this.#left);
      this.#left = connection;
      for (const sender of connection.peer.getSenders()) void sender.replaceTrack(null);
    } else close(connection);
    this.#enter("reconnecting");
    void this.start();
  }

  #notAccepted(refused: Refused): void {
    this.refused = refused;
    close(this.#connection);
    this.#connection = null;
    if (this.state === "reconnecting" && refused.passing) {
      this.#enter("reconnecting");
      this.#follow(this.#plan.refused(refused.retryAfter_s));
    } else this.#enter("failed");
  }

  #enter(state: PublisherState): void {
    this.state = state;
    if (state !== "live") this.stats = NO_SENDER_STATS;
    this.#onState();
  }
}

function refusalOf(error: unknown): Refused {
  return error instanceof Refused ? error : new Refused(String(error), 422);
}

function close(connection: Connection | null): void {
  if (connection === null) return;
  connection.peer.onconnectionstatechange = null;
  connection.peer.close();
}

function hint(track: MediaStreamTrack, options: PublishOptions): void {
  if (track.kind === "video") track.contentHint = options.source === "screen" ? "detail" : "motion";
}

async function addTracks(peer: RTCPeerConnection, stream: MediaStream, options: PublishOptions): Promise<void> {
  const [audio] = stream.getAudioTracks();
  const [video] = stream.getVideoTracks();
  if (audio !== undefined) {
    peer.addTransceiver(audio, {
      direction: "sendonly",
      streams: [stream],
      sendEncodings: [{ maxBitrate: AUDIO_BPS }],
    });
  }
  if (video === undefined) return;
  hint(video, options);
  const transceiver = peer.addTransceiver(video, {
    direction: "sendonly",
    streams: [stream],
    sendEncodings: [
      {
        maxBitrate: options.bitrate_kbps * 1000,
        maxFramerate: options.framesPerSecond,
        scaleResolutionDownBy: scaleDown(video.getSettings(), options),
      },
    ],
  });
  transceiver.setCodecPreferences?.(chooseCodecs(RTCRtpSender.getCapabilities("video")?.codecs ?? [], options.codec));
  // Chromium would start small and grow: every step is a new picture size for the whole chain behind.
  const parameters = transceiver.sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  await transceiver.sender.setParameters(parameters).catch(() => undefined); // Firefox: not before the answer
}
