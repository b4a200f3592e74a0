/**
 * Edge: one broadcast over WHIP (RFC 9725), from start to stop.
 *
 * `connecting` -> `live` -> `ended`; a connection that breaks is `reconnecting` until it is `live` again, on the same
 * capture; an offer that is refused at the first attempt is `failed`.
 */

import { Backoff } from "../signalling/backoff.ts";
import { negotiate, Refused, type Resource } from "../signalling/endpoint.ts";
import { chooseCodecs, type PublishOptions } from "./options.ts";
import { NO_SENDER_STATS, SenderMeter, type SenderStats } from "./sender-stats.ts";

export type PublisherState = "connecting" | "live" | "reconnecting" | "ended" | "failed";

const CONNECT_TIMEOUT_MS = 10_000;
const DISCONNECTED_MS = 3000; // a short loss of the network heals by itself
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

  readonly #endpoint: string;
  readonly #stream: MediaStream;
  readonly #options: PublishOptions;
  readonly #iceServers: RTCIceServer[];
  readonly #onState: () => void;
  readonly #abort = new AbortController();
  readonly #backoff = new Backoff();
  #connection: Connection | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

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
  }

  /** Offer; resolves when the answer is applied, or when it was refused. */
  async start(): Promise<void> {
    this.#release();
    const peer = new RTCPeerConnection({ iceServers: this.#iceServers, bundlePolicy: "max-bundle" });
    const connection: Connection = { peer, meter: new SenderMeter(), resource: null };
    this.#connection = connection;
    peer.onconnectionstatechange = () => this.#connection === connection && this.#connectionChanged(connection);
    try {
      await addTracks(peer, this.#stream, this.#options);
      connection.resource = await negotiate(this.#endpoint, peer, this.#abort.signal);
      if (peer.connectionState !== "connected") this.#lostAfter(CONNECT_TIMEOUT_MS);
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(String(error), 422);
      if (this.#connection === connection && !this.#abort.signal.aborted) this.#notAccepted(refused);
    }
  }

  stop(): void {
    if (this.state === "ended") return;
    this.#abort.abort();
    this.#release();
    this.#enter("ended");
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
      clearTimeout(this.#timer);
      this.#backoff.succeeded();
      this.refused = null;
      this.#enter("live");
    } else if (state === "disconnected") this.#lostAfter(DISCONNECTED_MS);
    else if (state === "failed" || state === "closed") this.#lost();
  }

  #lostAfter(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(), waitMs);
  }

  #lost(): void {
    this.#release();
    this.#enter("reconnecting");
    this.#timer = setTimeout(() => void this.start(), this.#backoff.failed());
  }

  #notAccepted(refused: Refused): void {
    this.refused = refused;
    this.#release();
    const again = this.state === "reconnecting" && refused.passing;
    this.#enter(again ? "reconnecting" : "failed");
    if (again) this.#timer = setTimeout(() => void this.start(), this.#backoff.failed(refused.retryAfter_s));
  }

  #release(): void {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = null;
    this.stats = NO_SENDER_STATS;
    connection?.resource?.delete();
    connection?.peer.close();
  }

  #enter(state: PublisherState): void {
    this.state = state;
    this.#onState();
  }
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
  video.contentHint = options.source === "screen" ? "detail" : "motion";
  const transceiver = peer.addTransceiver(video, {
    direction: "sendonly",
    streams: [stream],
    sendEncodings: [{ maxBitrate: options.bitrate_kbps * 1000, maxFramerate: options.framesPerSecond }],
  });
  transceiver.setCodecPreferences?.(chooseCodecs(RTCRtpSender.getCapabilities("video")?.codecs ?? [], options.codec));
  // Chromium would start small and grow: every step is a new picture size for the whole chain behind.
  const parameters = transceiver.sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  await transceiver.sender.setParameters(parameters).catch(() => undefined); // Firefox: not before the answer
}
