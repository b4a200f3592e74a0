import { describe, expect, it } from "vitest";
import { beepOnsets, skewMs } from "../src/latency/beep.ts";

const RATE = 48_000;

/** Sound with beeps of 1 kHz (or another tone) that begin at some ms and last some. */
function sound(ms: number, beeps: readonly { at: number; lasts: number; level?: number; hz?: number }[]): Float32Array {
  const samples = new Float32Array((ms * RATE) / 1000);
  for (const { at, lasts, level = 0.25, hz = 1000 } of beeps) {
    const from = (at * RATE) / 1000;
    const to = Math.min(samples.length, ((at + lasts) * RATE) / 1000);
    for (let index = from; index < to; index++) {
      const ramp = Math.min(1, (index - from) / (0.004 * RATE));
      samples[index] = level * ramp * Math.sin((2 * Math.PI * hz * (index - from)) / RATE + 0.7);
    }
  }
  return samples;
}

function onsets_ms(samples: Float32Array, rate = RATE): number[] {
  return beepOnsets(samples, rate).map((index) => (index * 1000) / rate);
}

describe("beepOnsets", () => {
  it("finds where a beep begins, to 3 ms", () => {
    for (const lasts of [50, 100]) {
      const [onset, ...more] = onsets_ms(sound(683, [{ at: 317, lasts }]));
      expect(Math.abs((onset ?? 0) - 317)).toBeLessThan(3);
      expect(more).toEqual([]);
    }
  });

  it("finds several, and at other rates", () => {
    expect(
      onsets_ms(
        sound(
          2500,
          [1, 2].map((second) => ({ at: second * 1000, lasts: 100 })),
        ),
      ),
    ).toHaveLength(2);
    const samples = sound(683, [{ at: 300, lasts: 100 }]).filter((_, index) => index % 3 === 0);
    expect(Math.abs((onsets_ms(samples, 16_000)[0] ?? 0) - 300)).toBeLessThan(4);
  });

  it("is not disturbed by noise far below the beep", () => {
    const samples = sound(683, [{ at: 317, lasts: 100 }]);
    let state = 1;
    for (let index = 0; index < samples.length; index++) {
      state = (state * 16_807) % 2_147_483_647; // the minimal standard generator
      samples[index] = (samples[index] ?? 0) + 0.02 * (state / 2_147_483_647 - 0.5);
    }
    const found = onsets_ms(samples);
    expect(found).toHaveLength(1);
    expect(Math.abs((found[0] ?? 0) - 317)).toBeLessThan(3);
  });

  it("takes nothing else for a beep", () => {
    expect(onsets_ms(sound(683, []))).toEqual([]);
    expect(onsets_ms(sound(683, [{ at: 300, lasts: 100, level: 0.005 }]))).toEqual([]);
    expect(onsets_ms(sound(683, [{ at: 300, lasts: 100, hz: 440 }]))).toEqual([]);
    expect(onsets_ms(sound(683, [{ at: 0, lasts: 100 }]))).toEqual([]); // its beginning was not heard
    expect(onsets_ms(new Float32Array(10))).toEqual([]);
  });
});

describe("skewMs", () => {
  it("is how much later than the picture the sound is", () => {
    expect(skewMs(10_120, 100)).toBe(20);
    expect(skewMs(10_080, 100)).toBe(-20);
    expect(skewMs(11_030, 1040)).toBe(-10);
    expect(skewMs(10_000, 0)).toBe(0);
  });
});
