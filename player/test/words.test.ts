import { describe, expect, it } from "vitest";
import * as format from "../src/format.ts";
import { describeRenditions, describeTracks } from "../src/index/describe.ts";
import { isStreamName, isThisMachine, streamOfPath, tokenPrefixOfPath } from "../src/names.ts";
import { captureProblem, permissionWords, reconnectWords, refusalProblem } from "../src/publish/problems.ts";

describe("names", () => {
  it.each(["a", "studio-1", "_x", "a.b", "A".repeat(64)])("%s is one", (name) => {
    expect(isStreamName(name)).toBe(true);
  });

  it.each(["", "-a", ".a", "a b", "a/b", "ü", "A".repeat(65), "a\n"])("%j is none", (name) => {
    expect(isStreamName(name)).toBe(false);
  });

  it.each([
    ["/watch/studio", "studio"],
    ["/publish/studio-1/", "studio-1"],
    ["/t/5f-aB_/watch/studio", "studio"],
    ["/t//watch/studio", null],
    ["/watch/", null],
    ["/other/studio", null],
    ["/watch/a/b", null],
    ["/watch/%C3%BC", null],
  ])("the path %s is about %s", (path, name) => {
    expect(streamOfPath(path)).toBe(name);
  });

  it.each(["localhost", "a.localhost", "127.0.0.1", "[::1]"])("%s leads to this machine", (host) => {
    expect(isThisMachine(host)).toBe(true);
  });

  it.each(["127.example", "10.0.0.1", "live.example"])("%s leads elsewhere", (host) => {
    expect(isThisMachine(host)).toBe(false);
  });

  it("a page that was opened with a token knows it", () => {
    expect(tokenPrefixOfPath("/t/5f-aB_/watch/studio")).toBe("/t/5f-aB_");
    expect(tokenPrefixOfPath("/watch/t")).toBe("");
  });
});

describe("quantities", () => {
  it.each([
    [format.formatLatency(64.4), "64 ms"],
    [format.formatLatency(-3), "-3 ms"],
    [format.formatLatency(1084), "1.08 s"],
    [format.formatLatency(null), "–"],
    [format.formatBitrate(800_400), "800 kbit/s"],
    [format.formatBitrate(2_504_000), "2.50 Mbit/s"],
    [format.formatBitrate(null), "–"],
    [format.formatSize(1280, 720), "1280 × 720"],
    [format.formatSize(null, 720), "–"],
    [format.formatSeconds(1.236), "1.24 s"],
    [format.formatSeconds(null), "–"],
    [format.formatFrameRate(29.97), "30 fps"],
    [format.formatFrameRate(12.34), "12.3 fps"],
    [format.formatFrameRate(null), "–"],
    [format.formatCount(0), "0"],
    [format.formatCount(null), "–"],
    [format.countOf(1, "viewer"), "1 viewer"],
    [format.countOf(0, "viewer"), "0 viewers"],
    [format.formatDuration(61_999), "1:01"],
    [format.formatDuration(3_661_000), "1:01:01"],
    [format.formatDuration(-5), "0:00"],
    [format.formatClock(Date.UTC(2026, 0, 2, 3, 4, 5, 67)), "03:04:05.067"],
  ])("%s", (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe("streams in a line", () => {
  it("says what is published", () => {
    const tracks = [
      { kind: "video", codec: "H264", width: 1280, height: 720, frame_rate: 29.97, bitrate_bps: 2_500_000 },
      { kind: "audio", codec: "OPUS", width: null, height: null, frame_rate: null, bitrate_bps: 0 },
      { kind: "video", codec: "VP8", width: null, height: null, frame_rate: null, bitrate_bps: 900 },
    ] as const;
    expect(describeTracks(tracks)).toBe("H.264 1280 × 720, 30 fps, 2.50 Mbit/s; VP8, 1 kbit/s; Opus");
    expect(describeTracks([])).toBe("nothing yet");
  });

  it("says what can be played, largest first", () => {
    const rendition = (name: string, height: number | null, bandwidth_bps = 0) =>
      ({ name, kind: height === null ? "audio" : "video", width: null, height, bandwidth_bps }) as const;
    const audio = rendition("audio", null);
    expect(describeRenditions([rendition("360p", 360), audio, rendition("720p", 720)])).toBe("720p, 360p");
    expect(describeRenditions([rendition("low", 360, 1), rendition("high", 360, 2)])).toBe("high, low");
    expect(describeRenditions([audio])).toBe("audio");
    expect(describeRenditions([])).toBe("not ready yet");
  });
});

describe("problems", () => {
  it.each([
    ["camera", "NotAllowedError", "address bar"],
    ["screen", "NotAllowedError", "Nothing was shared"],
    ["camera", "NotFoundError", "There is no camera"],
    ["camera", "NotReadableError", "another program"],
    ["camera", "AbortError", "another program"],
    ["pattern", "NoWebRtc", "no WebRTC"],
    ["camera", "OverconstrainedError", "not there any more"],
    ["screen", "InsecureContext", "HTTPS"],
    ["microphone", "NotFoundError", "There is no microphone"],
    ["file", "NoFile", "Choose a video file"],
    ["file", "NotSupportedError", "cannot play the file"],
    ["file", "NoFileCapture", "command line"],
    ["pattern", "Error: x", "test pattern cannot be opened (Error: x)"],
  ] as const)("of a %s: %s", (source, name, words) => {
    expect(captureProblem(source, name)).toContain(words);
  });

  it.each([
    [409, "busy", "“studio” is in use"],
    [0, "x", "does not answer"],
    [503, "node is full", "now: node is full"],
    [422, "no codec", "refused the stream: no codec"],
  ])("of a node that answers %d", (status, detail, words) => {
    expect(refusalProblem("studio", status, detail)).toContain(words);
  });

  it.each([
    [["granted", "granted"], ""],
    [["granted", "prompt"], "will ask"],
    [[null, null], "will ask"],
    [["prompt", "denied"], "blocks"],
  ] as const)("permissions %j", (states, words) => {
    expect(permissionWords(states)).toContain(words);
  });

  it.each([
    [true, null, "lost; trying again"],
    [false, null, "UDP port"],
    [true, { status: 0, message: "" }, "does not answer"],
    [false, { status: 409, message: "in use" }, "yet (in use)"],
  ])("while reconnecting (was live: %s, refusal %j)", (wasLive, refusal, words) => {
    expect(reconnectWords(wasLive, refusal)).toContain(words);
  });
});
