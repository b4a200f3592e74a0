/**
 * Edge: listens to what a player plays while it is unmuted and shows a time code, and tells when beeps of the test
 * pattern are heard.
 *
 * The sound is tapped before the output, whose latency the browser tells; the player's own output is taken to be as late.
 * Browsers that give no tap (`captureStream`) or no latency are not measured.
 */

import { beepOnsets } from "../latency/beep.ts";
import type { LatencyMeter } from "../latency/meter.ts";

const SAMPLES = 32_768; // the most an analyser holds: 683 ms at 48 kHz
const EVERY_MS = 400; // so that a beep and the quiet before it are whole in one look or the next
const SAME_MS = 500; // a beep nearer than this to the last one is the same

type Capturing = HTMLVideoElement & { captureStream?(): MediaStream };

export class SoundTap {
  readonly #video: Capturing;
  readonly #meter: LatencyMeter;
  readonly #heard: (pageMs: number) => void;
  readonly #samples = new Float32Array(SAMPLES);
  #audio: AudioContext | null = null;
  #captured: MediaStream | null = null;
  #track: MediaStreamTrack | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #analyser: AnalyserNode | null = null;
  #lastMs = -Infinity;

  /** `heard` is told when a beep left the loudspeaker; Unix time of the page, in ms. */
  constructor(video: HTMLVideoElement, meter: LatencyMeter, heard: (pageMs: number) => void) {
    this.#video = video;
    this.#meter = meter;
    this.#heard = heard;
    setInterval(() => this.#turn(), EVERY_MS);
  }

  #turn(): void {
    const track = this.#audible();
    if (track !== this.#track) this.#listenTo(track);
    if (track === null || this.#audio === null || this.#analyser === null) return;
    if (this.#audio.state !== "running") return void this.#audio.resume();
    const { contextTime = 0, performanceTime = 0 } = this.#audio.getOutputTimestamp();
    if (contextTime === 0) return;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const endMs = performanceTime + (this.#audio.currentTime - contextTime) * 1000;
    for (const onset of beepOnsets(this.#samples, this.#audio.sampleRate)) {
      const atMs = endMs - ((SAMPLES - onset) * 1000) / this.#audio.sampleRate;
      if (atMs - this.#lastMs < SAME_MS) continue;
      this.#lastMs = atMs;
      this.#heard(performance.timeOrigin + atMs);
    }
  }

  /** What is heard now; null for nothing. */
  #audible(): MediaStreamTrack | null {
    const video = this.#video;
    if (video.muted || video.paused || this.#meter.method !== "timecode") return null;
    if (video.srcObject instanceof MediaStream) return video.srcObject.getAudioTracks()[0] ?? null;
    this.#captured ??= video.captureStream?.() ?? null;
    return this.#captured?.getAudioTracks()[0] ?? null;
  }

  #listenTo(track: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source = null;
    this.#track = track;
    if (track === null) return;
    this.#audio ??= new AudioContext({ latencyHint: "interactive" });
    this.#analyser ??= new AnalyserNode(this.#audio, { fftSize: SAMPLES });
    this.#source = this.#audio.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }
}
