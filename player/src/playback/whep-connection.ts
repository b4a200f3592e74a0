/** Edge: one connection of a WebRTC viewer, from the offer to the end. */

import { negotiate, type Resource } from "../signalling/endpoint.ts";
import { withoutLipSync } from "../signalling/lip-sync.ts";
import { ReceiverMeter, type ReceiverReport } from "./receiver-stats.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const DISCONNECTED_MS = 3000; // a short loss of the network heals by itself
const STALLED_MS = 1000; // without a packet
export const MOST_DELAY_MS = 4000; // W3C webrtc-extensions: a larger jitterBufferTarget is refused

export class WhepConnection {
  readonly tracks = new MediaStream();
  readonly lipSync: boolean;
  /** Of the last report. */
  report: ReceiverReport | null = null;
  readonly #peer: RTCPeerConnection;
  readonly #abort = new AbortController();
  readonly #meter = new ReceiverMeter();
  readonly #startedMs = performance.now();
  #lastPacketMs = performance.now();
  #disconnectedMs: number | null = null;
  #resource: Resource | null = null;

  constructor(iceServers: RTCIceServer[], lipSync: boolean) {
    this.lipSync = lipSync;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer.addTransceiver("audio", { direction: "recvonly" });
    this.#peer.addTransceiver("video", { direction: "recvonly" });
    this.#peer.ontrack = ({ track }) => this.tracks.addTrack(track);
    this.#peer.onconnectionstatechange = () => {
      this.#disconnectedMs = this.#peer.connectionState === "disconnected" ? performance.now() : null;
    };
  }

  /** Offer. Throws `Refused`. */
  async open(endpoint: string): Promise<void> {
    const edit = this.lipSync ? undefined : withoutLipSync;
    this.#resource = await negotiate(endpoint, this.#peer, this.#abort.signal, edit);
  }

  close(): void {
    this.#abort.abort();
    this.#resource?.delete();
    this.#peer.close();
  }

  /** Play so many ms later than need be, where the browser can; it gets there by a slower or faster clock. */
  delay(ms: number): void {
    for (const receiver of this.#peer.getReceivers()) {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = ms > 0 ? Math.min(ms, MOST_DELAY_MS) : null;
    }
  }

  /** Look at what has come. `offsetMs` leads from the page's clock to the node's. */
  async measure(offsetMs: number): Promise<ReceiverReport> {
    const seen = this.#meter.read((await this.#peer.getStats()).values(), offsetMs);
    if (seen.packets > (this.report?.packets ?? 0)) this.#lastPacketMs = performance.now();
    this.report = seen;
    return seen;
  }

  get playing(): boolean {
    return (this.report?.packets ?? 0) > 0;
  }

  /** How long nothing has come, in ms. */
  get silentMs(): number {
    return performance.now() - this.#lastPacketMs;
  }

  get stalled(): boolean {
    return this.silentMs > STALLED_MS;
  }

  /** How long it has been, in ms. */
  get ageMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Why it is of no use any more; null while it is. */
  get broken(): string | null {
    const { connectionState } = this.#peer;
    const disconnected = this.#disconnectedMs !== null && performance.now() - this.#disconnectedMs > DISCONNECTED_MS;
    if (connectionState === "failed" || connectionState === "closed" || disconnected) return "the connection is lost";
    return !this.playing && this.ageMs > CONNECT_TIMEOUT_MS ? "no media arrives" : null;
  }
}
