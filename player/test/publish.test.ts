import { describe, expect, it } from "vitest";
import {
  chooseCodecs,
  mergeQueries,
  parseDevices,
  parseOptions,
  printQuery,
  scaleDown,
  suitedBitrate,
} from "../src/publish/options.ts";
import { judge, limitationWords, SteadyVerdict } from "../src/publish/quality.ts";
import { CONNECT_MS, HEAL_MS, ReconnectPlan, RESTART_MS } from "../src/publish/reconnect.ts";
import { NO_SENDER_STATS, SenderMeter } from "../src/publish/sender-stats.ts";
import { fall, soundLevel } from "../src/publish/sound-level.ts";

const parse = (query: string) => parseOptions(new URLSearchParams(query));

describe("options", () => {
  it("come from the query", () => {
    expect(parse("source=pattern&width=640&height=360&fps=15&codec=vp8&bitrate=800&loop=1&autostart=1")).toEqual({
      source: "pattern",
      width: 640,
      height: 360,
      framesPerSecond: 15,
      codec: "VP8",
      bitrate_kbps: 800,
      loop: true,
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
      loop: false,
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

describe("what is remembered", () => {
  it("is read as it was printed", () => {
    const options = parse("source=file&width=640&height=360&fps=15&codec=VP8&bitrate=800&loop=1");
    const devices = { camera: "c1", microphone: "" };
    const query = new URLSearchParams(printQuery(options, devices));
    expect(parseOptions(query)).toEqual(options);
    expect(parseDevices(query)).toEqual(devices);
    expect(parseDevices(new URLSearchParams())).toEqual({ camera: "", microphone: "" });
  });

  it("counts less than what the address asks for", () => {
    const merge = (asked: string) =>
      parseOptions(mergeQueries("width=640&height=360&bitrate=700", new URLSearchParams(asked)));
    expect(merge("")).toMatchObject({ width: 640, bitrate_kbps: 700 });
    expect(merge("codec=VP8")).toMatchObject({ codec: "VP8", width: 640, bitrate_kbps: 700 });
    expect(merge("width=1280&height=720")).toMatchObject({ height: 720, bitrate_kbps: 2500 });
    expect(merge("fps=15&bitrate=300")).toMatchObject({ width: 640, bitrate_kbps: 300 });
  });
});

describe("scaleDown", () => {
  const wanted = { width: 1280, height: 720 };

  it.each([
    [{ width: 1920, height: 1080 }, 1.5],
    [{ width: 1080, height: 1920 }, 1.5],
    [{ width: 1920, height: 1440 }, 2],
    [{ width: 640, height: 360 }, 1],
    [{}, 1],
  ])("%j", (source, divisor) => {
    expect(scaleDown(source, wanted)).toBe(divisor);
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
    { type: "remote-inbound-rtp", kind: "video", id: "r", roundTripTime: 0.01234, packetsLost: 2, fractionLost: 0.01 },
    { type: "media-source", kind: "video", id: "m", framesPerSecond: 29 },
    { type: "candidate-pair", id: "p", nominated: true, availableOutgoingBitrate: 2e6 },
  ];

  it("reads what is sent, and the bit rate between two reports", () => {
    const meter = new SenderMeter();
    expect(meter.read(report(0), 1000).bitrate_bps).toBeNull();
    expect(meter.read(report(125_000), 2000)).toEqual({
      ...{ width: 640, height: 360, fps: 30, bitrate_bps: 1_000_000, rtt_ms: 12.3, lost: 2 },
      ...{ limitation: "none", codec: "H264", framesSent: 30 },
      ...{ lossRatio: 0.01, available_bps: 2_000_000, sourceFps: 29 },
    });
    expect(meter.read(report(0), 3000).bitrate_bps).toBeNull();
  });

  it("takes the round trip of the connection before the first report of the node", () => {
    const pair = { type: "candidate-pair", id: "p", nominated: true, currentRoundTripTime: 0.002 };
    expect(new SenderMeter().read([pair], 0)).toEqual({ ...NO_SENDER_STATS, rtt_ms: 2 });
  });
});

describe("network quality", () => {
  const wanted = { bitrate_kbps: 2000, framesPerSecond: 30, source: "camera" } as const;
  const well = {
    ...NO_SENDER_STATS,
    bitrate_bps: 2e6,
    available_bps: 3e6,
    limitation: "none",
    rtt_ms: 20,
    sourceFps: 30,
  };

  it.each([
    [{}, "good", "carries everything"],
    [{ limitation: "cpu", lossRatio: 0.5 }, "poor", "too slow"],
    [{ lossRatio: 0.06, available_bps: 1e5 }, "poor", "6 % of the packets are lost"],
    [{ available_bps: 9e5 }, "poor", "carries 900 kbit/s of the 2.00 Mbit/s"],
    [{ available_bps: 1.5e6 }, "fair", "carries 1.50 Mbit/s"],
    [{ limitation: "bandwidth" }, "fair", "less sharp"],
    [{ available_bps: null, rtt_ms: null, sourceFps: null }, "good", "everything"],
    [{ lossRatio: 0.02 }, "fair", "2 % of the packets are lost on the way; they are sent again"],
    [{ rtt_ms: 350 }, "fair", "takes 350 ms"],
    [{ sourceFps: 15 }, "fair", "15 of 30 pictures"],
    [{ bitrate_bps: null }, "unknown", ""],
  ])("%j is %s", (stats, grade, words) => {
    const verdict = judge({ ...well, ...stats }, wanted);
    expect(verdict.grade).toBe(grade);
    expect(verdict.sentence).toContain(words);
  });

  it("blames no camera for a screen that does not move", () => {
    expect(judge({ ...well, sourceFps: 1 }, { ...wanted, source: "screen" }).grade).toBe("good");
  });

  it("names what limits the encoder", () => {
    expect(["none", "cpu", "bandwidth", "other", "moon", null].map(limitationWords)).toEqual([
      ...["nothing", "this computer", "the network", "the browser", "moon", null],
    ]);
  });

  it("says a change only once it has lasted, and keeps the words of a grade up to date", () => {
    const steady = new SteadyVerdict();
    const say = (grade: "good" | "fair" | "unknown", sentence: string) => steady.settle({ grade, sentence }).sentence;
    expect(say("good", "a")).toBe("a");
    expect(say("good", "b")).toBe("b");
    expect([say("fair", "c"), say("fair", "d")]).toEqual(["b", "b"]);
    expect(say("good", "e")).toBe("e");
    expect([say("fair", "f"), say("fair", "g"), say("fair", "h")]).toEqual(["e", "e", "h"]);
    expect(say("unknown", "")).toBe("");
  });
});

describe("ReconnectPlan", () => {
  const live = () => {
    const plan = new ReconnectPlan();
    expect(plan.answered()).toEqual({ kind: "anew", inMs: CONNECT_MS });
    expect(plan.connected()).toEqual({ kind: "rest" });
    return plan;
  };

  it("lets a short loss heal", () => {
    const plan = live();
    expect(plan.disconnected()).toEqual({ kind: "restart", inMs: HEAL_MS });
    expect(plan.disconnected()).toBeNull();
    expect(plan.connected()).toEqual({ kind: "rest" });
  });

  it("restarts ICE first, and takes a new session when that does not help", () => {
    const plan = live();
    plan.disconnected();
    expect(plan.restarted()).toEqual({ kind: "anew", inMs: RESTART_MS });
    expect(live().failed()).toEqual({ kind: "restart", inMs: 0 });
  });

  it("takes a new session at once when the node has forgotten the old one", () => {
    const plan = live();
    plan.disconnected();
    expect(plan.restartRefused(404)).toEqual({ kind: "anew", inMs: 0 });
    expect([plan.refused(null), plan.refused(null), plan.refused(7)]).toEqual([
      { kind: "anew", inMs: 500 },
      { kind: "anew", inMs: 1000 },
      { kind: "anew", inMs: 7000 },
    ]);
  });

  it("asks for the restart again when there was no answer", () => {
    const plan = live();
    plan.disconnected();
    expect([plan.restartRefused(0), plan.restartRefused(0)]).toEqual([
      { kind: "restart", inMs: 500 },
      { kind: "restart", inMs: 1000 },
    ]);
    expect(plan.failed()).toBeNull();
    plan.restarted();
    expect(plan.failed()).toEqual({ kind: "anew", inMs: 2000 });
  });

  it("restarts no session that never was connected", () => {
    const plan = new ReconnectPlan();
    plan.answered();
    expect(plan.disconnected()).toBeNull();
    expect(plan.failed()).toEqual({ kind: "anew", inMs: 500 });
  });

  it("does not wait any longer when the network is back", () => {
    expect(new ReconnectPlan().networkBack()).toBeNull();
    const plan = live();
    expect(plan.networkBack()).toBeNull();
    plan.disconnected();
    expect(plan.networkBack()).toEqual({ kind: "restart", inMs: 0 });
    plan.restartRefused(404);
    expect(plan.networkBack()).toEqual({ kind: "anew", inMs: 0 });
  });
});

describe("sound level", () => {
  it.each([
    [[], 0],
    [[0, 0], 0],
    [[1, -1], 100],
    [[0.001, -0.001], 0],
    [[0.1, -0.1], 67],
  ])("of %j is %d %%", (samples, percent) => {
    expect(soundLevel(new Float32Array(samples))).toBe(percent);
  });

  it("rises at once and falls slowly", () => {
    expect([fall(20, 80), fall(80, 20), fall(80, 77)]).toEqual([80, 74, 77]);
  });
});
