/**
 * Pure: finds the test pattern's beeps in sound, and how far the sound is from the picture.
 *
 * A tone of 1 kHz begins at every full second of the node's clock, whatever is heard between. Which second a beep belongs
 * to, the picture tells: its time code says how old it is, and the sound is within half a second of it.
 */

const TONE_HZ = 1000;
const HOP_MS = 1;
const BLOCK_HOPS = 2; // two periods: nothing of other multiples of 500 Hz leaks in
const QUIET_HOPS = 30; // before a beep; within one the level does not fall
const LEAST_LEVEL = 0.01; // of full scale; the patterns' beeps have a quarter
const HALF = 0.5; // of the loudest: where the edge of a beep counts
const TONAL = 0.5; // of the power at least, or it is not the tone that is loud
const SECOND_MS = 1000;

/** Indices into `samples` (mono, full scale 1) at which a beep begins, to about 2 ms. */
export function beepOnsets(samples: ArrayLike<number>, sampleRate_Hz: number): number[] {
  const hop = Math.round((sampleRate_Hz * HOP_MS) / 1000);
  const levels = toneLevels(samples, sampleRate_Hz, hop);
  const loud = Math.max(LEAST_LEVEL, levels.reduce((most, level) => Math.max(most, level), 0) * HALF);
  const onsets: number[] = [];
  let quiet = 0;
  levels.forEach((level, index) => {
    if (level < loud) return void quiet++;
    if (quiet >= QUIET_HOPS) onsets.push(index * hop);
    quiet = 0;
  });
  return onsets;
}

/** Amplitude of the tone in each block; 0 where something else has most of the power. */
function toneLevels(samples: ArrayLike<number>, sampleRate_Hz: number, hop: number): number[] {
  const size = hop * BLOCK_HOPS;
  const step = (2 * Math.PI * TONE_HZ) / sampleRate_Hz;
  const levels: number[] = [];
  for (let from = 0; from + size <= samples.length; from += hop) {
    let [inPhase, quadrature, power] = [0, 0, 0];
    for (let index = from; index < from + size; index++) {
      const sample = samples[index] ?? 0;
      inPhase += sample * Math.cos(step * index);
      quadrature += sample * Math.sin(step * index);
      power += sample * sample;
    }
    const level = (2 * Math.hypot(inPhase, quadrature)) / size;
    levels.push((level * level * size) / 2 >= TONAL * power ? level : 0);
  }
  return levels;
}

/**
 * How much later than the picture the sound is, in ms; negative if it is ahead. `heardMs`: when a beep was heard, Unix
 * time of the node; `pictureMs`: latency of the picture then. Right within half a second.
 */
export function skewMs(heardMs: number, pictureMs: number): number {
  const late = (heardMs - pictureMs) % SECOND_MS;
  return late >= SECOND_MS / 2 ? late - SECOND_MS : late;
}
