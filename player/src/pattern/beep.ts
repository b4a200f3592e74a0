/** Edge: a beep at every full second of the node's clock, as an audio track. */

import { FLASH_MS } from "./picture.ts";

const TONE_HZ = 1000;
const VOLUME = 0.25;
const AHEAD_MS = 2500; // scheduled ahead: a hidden page's timers run once a second
const EVERY_MS = 500;
const RAMP_S = 0.004; // without it, the edges click

export interface BeepTrack {
  readonly track: MediaStreamTrack;
  stop(): void;
}

/** `nodeNow` gives Unix time of the node in ms. */
export function startBeep(nodeNow: () => number): BeepTrack {
  const audio = new AudioContext({ sampleRate: 48_000, latencyHint: "interactive" });
  const output = audio.createMediaStreamDestination();
  output.channelCount = 1;
  const tone = audio.createOscillator();
  const gate = audio.createGain();
  tone.frequency.value = TONE_HZ;
  gate.gain.value = 0;
  tone.connect(gate).connect(output);
  tone.start();

  let scheduledMs = 0;
  const schedule = () => {
    const nowMs = nodeNow();
    for (
      let second = Math.max(scheduledMs, Math.ceil(nowMs / 1000) * 1000);
      second < nowMs + AHEAD_MS;
      second += 1000
    ) {
      const at = audio.currentTime + (second - nowMs) / 1000;
      gate.gain.setValueAtTime(0, at);
      gate.gain.linearRampToValueAtTime(VOLUME, at + RAMP_S);
      gate.gain.setValueAtTime(VOLUME, at + FLASH_MS / 1000);
      gate.gain.linearRampToValueAtTime(0, at + FLASH_MS / 1000 + RAMP_S);
      scheduledMs = second + 1000;
    }
  };
  const timer = setInterval(() => audio.state === "running" && schedule(), EVERY_MS);
  const wake = () => void audio.resume(); // browsers keep sound off until the first touch of the page
  wake();
  addEventListener("pointerdown", wake);
  addEventListener("keydown", wake);

  const [track] = output.stream.getAudioTracks();
  if (track === undefined) throw new Error("no audio track");
  return {
    track,
    stop() {
      clearInterval(timer);
      removeEventListener("pointerdown", wake);
      removeEventListener("keydown", wake);
      track.stop();
      void audio.close();
    },
  };
}
