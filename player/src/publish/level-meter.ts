/** Edge: listens to a stream's sound and shows how loud it is. */

import { fall, soundLevel } from "./sound-level.ts";

const LOOK_EVERY_MS = 80;
const SAMPLES = 2048; // 43 ms

export class LevelMeter {
  readonly #meter: HTMLMeterElement;
  #track: MediaStreamTrack | undefined;
  #stop: () => void = () => undefined;

  constructor(meter: HTMLMeterElement) {
    this.#meter = meter;
  }

  get level(): number {
    return this.#meter.value;
  }

  /** Listen to the stream's sound from now on; null for nothing. */
  listen(stream: MediaStream | null): void {
    const track = stream?.getAudioTracks()[0];
    if (track === this.#track) return;
    this.#stop();
    this.#track = track;
    this.#stop = track === undefined ? () => undefined : this.#start(track);
    this.#meter.value = 0;
  }

  #start(track: MediaStreamTrack): () => void {
    const audio = new AudioContext();
    const analyser = new AnalyserNode(audio, { fftSize: SAMPLES });
    audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(SAMPLES);
    const timer = setInterval(() => {
      if (audio.state === "suspended") void audio.resume(); // not before the first touch of the page
      analyser.getFloatTimeDomainData(samples);
      this.#meter.value = fall(this.#meter.value, soundLevel(samples));
    }, LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
      void audio.close();
    };
  }
}
