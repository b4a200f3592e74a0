import { describe, expect, it } from "vitest";
import { chooseCodecs, parseOptions, suitedBitrate } from "../src/publish/options.ts";
import { NO_SENDER_STATS, SenderMeter } from "../src/publish/sender-stats.ts";

const parse = (query: string) => parseOptions(new URLSearchParams(query));

describe("options", () => {
  it("come from the query", () => {
    expect(parse("source=pattern&width=640&height=360&fps=15&codec=vp8&bitrate=800&autostart=1")).toEqual({
      source: "pattern",
      width: 640,
      height: 360,
      framesPerSecond: 15,
      codec: "VP8",
      bitrate_kbps: 800,
    });
  });

  it("have defaults", () => {
    const options = {
      source: "camera",
      width: 1280,
      height: 720,
      framesPerSecond: 30,
      codec: "H264",
      bitrate_kbps: 2500,
    };
    expect(parse("")).toEqual(options);
    expect(parse("source=disk&width=wide&codec=AV1&bitrate=&fps=NaN")).toEqual(options);
  });

  it("stay within what can be published", () => {
    expect(parse("width=9&height=99999&fps=1000&bitrate=1")).toMatchObject({
      width: 64,
      height: 2160,
      framesPerSecond: 60,
      bitrate_kbps: 100,
    });
    expect(parse("width=641&height=361")).toMatchObject({ width: 640, height: 360 });
  });

  it("have a bit rate that suits the size", () => {
    expect(suitedBitrate(1280, 720, 30)).toBe(2500);
    expect(suitedBitrate(64, 64, 5)).toBe(100);
    expect(suitedBitrate(3840, 2160, 60)).toBe(15_000);
  });
});

describe("chooseCodecs", () => {
  const codec = (mimeType: string, sdpFmtpLine?: string) => (sdpFmtpLine ? { mimeType, sdpFmtpLine } : { mimeType });
  const vp8 = codec("video/VP8");
  const rtx = codec("video/rtx", "apt=96");
  const baseline = codec("video/H264", "packetization-mode=1;profile-level-id=42001f");
  const constrained = codec("video/H264", "packetization-mode=1;profile-level-id=42e01f");
  const offered = [
    vp8,
    rtx,
    codec("video/VP9"),
    codec("video/H264", "packetization-mode=0;profile-level-id=42e01f"),
    baseline,
    constrained,
    codec("video/AV1"),
    codec("video/red"),
  ];

  it("offers the wanted one, and nothing the node does not take", () => {
    expect(chooseCodecs(offered, "H264")).toEqual([constrained, baseline, rtx]);
    expect(chooseCodecs(offered, "VP8")).toEqual([vp8, rtx]);
  });

  it("offers the other one where the browser lacks the wanted one", () => {
    expect(chooseCodecs([vp8, rtx], "H264")).toEqual([vp8, rtx]);
    expect(chooseCodecs([], "H264")).toEqual([]);
  });
});

describe("SenderMeter", () => {
  const report = (bytes: number) => [
    { type: "codec", id: "c1", mimeType: "video/H264" },
    { type: "outbound-rtp", kind: "audio", id: "a", bytesSent: 1000 },
    {
      ...{ type: "outbound-rtp", kind: "video", id: "v", codecId: "c1", bytesSent: bytes, framesSent: 30 },
      ...{ frameWidth: 640, frameHeight: 360, framesPerSecond: 30, qualityLimitationReason: "none" },
    },
    { type: "remote-inbound-rtp", kind: "video", id: "r", roundTripTime: 0.01234, packetsLost: 2 },
  ];

  it("reads what is sent, and the bit rate between two reports", () => {
    const meter = new SenderMeter();
    expect(meter.read(report(0), 1000).bitrate_bps).toBeNull();
    expect(meter.read(report(125_000), 2000)).toEqual({
      ...{ width: 640, height: 360, fps: 30, bitrate_bps: 1_000_000, rtt_ms: 12.3, lost: 2 },
      ...{ limitation: "none", codec: "H264", framesSent: 30 },
    });
    expect(meter.read(report(0), 3000).bitrate_bps).toBeNull();
  });

  it("takes the round trip of the connection before the first report of the node", () => {
    const pair = { type: "candidate-pair", id: "p", nominated: true, currentRoundTripTime: 0.002 };
    expect(new SenderMeter().read([pair], 0)).toEqual({ ...NO_SENDER_STATS, rtt_ms: 2 });
  });
});
