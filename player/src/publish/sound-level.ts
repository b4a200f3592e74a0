/** Pure: how loud sound is, as a meter shows it. */

const FLOOR_DB = -60;
const FALL_PER_LOOK = 6; // percent; quick to rise and slow to fall, as meters are

/** Percent of full scale on a decibel scale, of samples between -1 and 1. */
export function soundLevel(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  const db = 10 * Math.log10(Math.max(power, 1e-12));
  return Math.round(100 * Math.min(1, Math.max(0, 1 - db / FLOOR_DB)));
}

/** What the meter shows after `shown`. */
export function fall(shown: number, level: number): number {
  return Math.max(level, shown - FALL_PER_LOOK);
}
