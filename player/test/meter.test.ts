import { describe, expect, it } from "vitest";
import { LatencyMeter } from "../src/latency/meter.ts";

const EMPTY = { method: null, last_ms: null, p50_ms: null, p95_ms: null, samples: 0 };

function withTimeCode(): LatencyMeter {
  const meter = new LatencyMeter();
  [70, 71, 72, 73].forEach((latency, index) => meter.addTimeCode(index * 100, latency));
  return meter;
}

describe("LatencyMeter", () => {
  it("knows nothing at first", () => {
    expect(new LatencyMeter().stats()).toEqual(EMPTY);
    expect(new LatencyMeter().recent(0)).toEqual([]);
  });

  it("believes a time code after three good reads in a row", () => {
    const meter = withTimeCode();
    expect(meter.stats()).toEqual({ method: "timecode", last_ms: 73, p50_ms: 72, p95_ms: 73, samples: 2 });
  });

  it("is not taken in by strips that check out now and then", () => {
    const meter = new LatencyMeter();
    meter.addCapture(0, 80);
    [50, null, 60, 70, null, 40].forEach((latency, index) => meter.addTimeCode(index * 100, latency));
    expect(meter.method).toBe("capture");
  });

  it("tells the median by both methods, where there are both", () => {
    const meter = withTimeCode();
    expect(meter.medians()).toEqual({ timecode: 72, capture: null });
    meter.addCapture(300, 88.04);
    expect(meter.medians()).toEqual({ timecode: 72, capture: 88 });
  });

  it("tells how far the sound is from the picture, by beeps and time code", () => {
    const meter = new LatencyMeter();
    meter.addBeep(0, 10_090);
    expect(meter.skew()).toEqual({ last_ms: null, p50_ms: null, p95_ms: null, samples: 0 });
    for (let index = 0; index < 20; index++) meter.addTimeCode(index * 100, 70);
    [60, 50, 80].forEach((latency, second) => meter.addBeep(2000, 10_000 + second * 1000 + latency));
    expect(meter.skew()).toEqual({ last_ms: 10, p50_ms: -10, p95_ms: 20, samples: 3 });
    meter.addBeep(9000, 20_100); // no picture for long
    expect(meter.skew().samples).toBe(3);
    meter.reset();
    expect(meter.skew().samples).toBe(0);
  });

  it("bridges reads that fail", () => {
    const meter = withTimeCode();
    meter.addTimeCode(400, null);
    meter.addTimeCode(500, 74);
    expect(meter.stats()).toMatchObject({ method: "timecode", last_ms: 74, samples: 3 });
  });

  it("prefers the time code, and goes back to the capture clock when it is gone", () => {
    const meter = withTimeCode();
    meter.addCapture(300, 90);
    for (let miss = 1; miss < 20; miss++) meter.addTimeCode(300 + miss, null);
    expect(meter.method).toBe("timecode");
    meter.addTimeCode(400, null);
    expect(meter.method).toBe("capture");
    expect(meter.recent(0)).toEqual([{ atMs: 300, value: 90 }]);
  });

  it("leaves out what cannot be", () => {
    const meter = new LatencyMeter();
    meter.addCapture(0, -5000);
    meter.addCapture(0, 1e9);
    [1e7, 1e7, 1e7].forEach((latency, index) => meter.addTimeCode(index, latency));
    expect(meter.stats()).toEqual(EMPTY);
  });

  it("sums up a window, and forgets on reset", () => {
    const meter = withTimeCode();
    expect(meter.stats(300).samples).toBe(1);
    meter.reset();
    expect(meter.stats()).toEqual({ ...EMPTY, method: "timecode" });
  });
});
