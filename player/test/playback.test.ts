import { describe, expect, it } from "vitest";
import { Counter } from "../src/playback/player.ts";
import { MediaRate, Rate } from "../src/playback/rate.ts";
import { ReceiverMeter } from "../src/playback/receiver-stats.ts";

describe("Counter", () => {
  it("goes on when what it reads starts anew", () => {
    const counter = new Counter();
    counter.read(10);
    counter.read(15);
    counter.read(3);
    expect(counter.value).toBe(18);
    counter.restarted();
    counter.read(4);
    expect(counter.value).toBe(22);
  });

  it("counts from where it was reset", () => {
    const counter = new Counter();
    counter.read(10);
    counter.add();
    counter.reset();
    counter.read(12);
    expect(counter.value).toBe(2);
  });
});

describe("Rate", () => {
  it("is taken over three seconds", () => {
    const rate = new Rate();
    expect(rate.read(0, 0)).toBeNull();
    for (let second = 1; second <= 10; second++) rate.read(second * 1000, second * 125_000);
    expect(rate.read(11_000, 10 * 125_000)).toBeLessThan(1_000_000);
    expect(rate.read(14_000, 10 * 125_000)).toBe(0);
  });

  it("starts anew when the count does, or when told to", () => {
    const rate = new Rate();
    rate.read(0, 1000);
    expect(rate.read(1000, 10)).toBeNull();
    rate.clear();
    expect(rate.read(2000, 20)).toBeNull();
    expect(rate.read(3000, 1020)).toBe(8000);
  });
});

describe("MediaRate", () => {
  it("is what the media needs, however fast it was fetched", () => {
    const rate = new MediaRate();
    expect(rate.read()).toBeNull();
    for (let part = 0; part < 12; part++) rate.add("main", 62_500, 0.25);
    expect(rate.read()).toBe(2_000_000);
  });

  it("adds the kinds up, whose pieces need not be of one length", () => {
    const rate = new MediaRate();
    rate.add("main", 250_000, 1);
    rate.add("audio", 8000, 0.5);
    expect(rate.read()).toBe(2_128_000);
  });

  it("forgets what played more than three seconds before", () => {
    const rate = new MediaRate();
    for (let second = 0; second < 5; second++) rate.add("main", 500_000, 1);
    for (let second = 0; second < 3; second++) rate.add("main", 125_000, 1);
    expect(rate.read()).toBe(1_000_000);
  });

  it("counts nothing that plays for no time, and starts anew when told to", () => {
    const rate = new MediaRate();
    rate.add("main", 700, 0);
    rate.add("main", 700, Number.NaN);
    expect(rate.read()).toBeNull();
    rate.add("main", 125_000, 1);
    rate.clear();
    expect(rate.read()).toBeNull();
  });
});

describe("ReceiverMeter", () => {
  const NOW = 1_764_000_000_000;
  const NTP = 2_208_988_800_000;
  const audio = { type: "inbound-rtp", kind: "audio", timestamp: NOW, packetsReceived: 50, bytesReceived: 4000 };
  const video = {
    ...{ type: "inbound-rtp", kind: "video", timestamp: NOW, packetsReceived: 100, bytesReceived: 90_000 },
    ...{ framesDecoded: 30, framesDropped: 1, freezeCount: 2, frameWidth: 640, frameHeight: 360 },
    ...{ jitterBufferDelay: 0.3, jitterBufferEmittedCount: 30, estimatedPlayoutTimestamp: NOW + NTP - 80 },
  };

  it("reads what has come, and the capture clock on the node's clock", () => {
    expect(new ReceiverMeter().read([audio, video, { type: "codec", timestamp: NOW }], 5)).toEqual({
      ...{ framesDecoded: 30, framesDropped: 1, freezes: 2, packets: 150, hasSound: true, bytes: 94_000 },
      ...{ width: 640, height: 360, jitterBuffer_s: 0.01, roundTrip_ms: null, captureLatency_ms: 85 },
    });
  });

  it("takes the mean of the jitter buffer since the last report", () => {
    const meter = new ReceiverMeter();
    meter.read([video], 0);
    const later = { ...video, jitterBufferDelay: 0.9, jitterBufferEmittedCount: 60 };
    expect(meter.read([later], 0).jitterBuffer_s).toBeCloseTo(0.02);
    expect(meter.read([later], 0).jitterBuffer_s).toBeNull();
  });

  it("measures sound where there is no picture, and Unix time where a browser gives that", () => {
    const sound = { ...audio, estimatedPlayoutTimestamp: NOW - 40 };
    expect(new ReceiverMeter().read([sound], 0)).toMatchObject({ framesDecoded: 0, captureLatency_ms: 40 });
  });

  it("knows nothing of nothing", () => {
    expect(new ReceiverMeter().read([], 0)).toEqual({
      ...{ framesDecoded: 0, framesDropped: 0, freezes: 0, packets: 0, hasSound: false, bytes: 0 },
      ...{ width: null, height: null, jitterBuffer_s: null, roundTrip_ms: null, captureLatency_ms: null },
    });
    expect(new ReceiverMeter().read([{ ...video, estimatedPlayoutTimestamp: 0 }], 0).captureLatency_ms).toBeNull();
  });
});
