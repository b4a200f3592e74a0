import { describe, expect, it } from "vitest";
import { CaptureMap } from "../src/playback/capture-map.ts";
import { iframeAt, parseIframes, smallestIframes } from "../src/playback/iframe-list.ts";
import { dateAt, positionAt, windowOf } from "../src/playback/media-dates.ts";
import { Choice, StallWatch } from "../src/watch/choice.ts";
import { commandOf } from "../src/watch/keys.ts";
import { fractionAt, instantAfter, instantAt, seekView } from "../src/watch/seek-model.ts";
import { type Moments, nextStep } from "../src/watch/switch-plan.ts";
import { SleepWatch } from "../src/watch/waking.ts";
import { badgeOf, embedSnippet, noticeOf, pathLine, type Situation } from "../src/watch/words.ts";

const ALL = ["webrtc", "ll-hls", "hls"] as const;

describe("Choice", () => {
  it("takes the earliest way there is", () => {
    const choice = new Choice();
    expect(choice.best(ALL, 0)).toBe("webrtc");
    expect(choice.best(["ll-hls", "hls"], 0)).toBe("ll-hls");
    expect(choice.best([], 0)).toBeNull();
  });

  it("leaves alone what has failed, longer every time, but never plain HLS", () => {
    const choice = new Choice();
    choice.failed("webrtc", 0);
    choice.failed("hls", 0);
    expect(choice.best(ALL, 14_999)).toBe("ll-hls");
    expect(choice.best(ALL, 15_000)).toBe("webrtc");
    choice.failed("webrtc", 15_000);
    choice.failed("ll-hls", 15_000);
    expect(choice.best(ALL, 44_999)).toBe("ll-hls");
    expect(choice.best(ALL, 29_999)).toBe("hls");
    choice.again();
    expect(choice.best(ALL, 15_001)).toBe("webrtc");
  });

  it("forgets failures of a way that has proved itself", () => {
    const choice = new Choice();
    for (let failure = 0; failure < 3; failure++) choice.failed("webrtc", 0);
    choice.plays("webrtc", 60_000);
    choice.plays("webrtc", 90_000);
    choice.failed("webrtc", 100_000);
    expect(choice.best(ALL, 115_000)).toBe("webrtc");
  });

  it("takes what was chosen by hand, and the next best while that does not work", () => {
    const choice = new Choice();
    choice.prefer("hls");
    expect(choice.best(ALL, 0)).toBe("hls");
    choice.prefer("ll-hls");
    choice.failed("ll-hls", 0);
    expect(choice.best(ALL, 1)).toBe("webrtc");
    choice.prefer("auto");
    expect(choice.best(ALL, 2)).toBe("webrtc");
  });
});

it("three stalls within twenty seconds are too many", () => {
  const stalls = new StallWatch(3, 20_000);
  expect(stalls.tooMany(5, 0)).toBe(false); // those before it was asked do not count
  expect(stalls.tooMany(7, 1000)).toBe(false);
  expect(stalls.tooMany(8, 22_000)).toBe(false);
  expect(stalls.tooMany(10, 23_000)).toBe(true);
  stalls.reset();
  expect(stalls.tooMany(10, 23_100)).toBe(false);
});

describe("nextStep", () => {
  const moments: Moments = {
    shownMs: 10_000,
    nextMs: 10_000,
    held: false,
    shownLives: true,
    next: "seeks",
    mostDelayMs: 3000,
  };
  const cases: readonly [string, Partial<Moments>, object][] = [
    ["nothing is shown", { shownMs: null }, { kind: "swap" }],
    ["the next one has no clock", { nextMs: null }, { kind: "swap" }],
    ["both show the same picture", { nextMs: 10_010 }, { kind: "swap" }],
    ["the next one is behind", { nextMs: 8_800 }, { kind: "hold" }],
    ["it is too far behind to wait for", { nextMs: -3000 }, { kind: "wait" }],
    ["the picture is held for it", { held: true, nextMs: 9_000 }, { kind: "wait" }],
    ["it has caught up", { held: true, nextMs: 10_030 }, { kind: "swap" }],
    ["it has jumped over the held picture", { held: true, nextMs: 10_200 }, { kind: "go back", byMs: 280 }],
    ["it is ahead and can seek", { nextMs: 11_000 }, { kind: "go back", byMs: 1080 }],
    ["it is ahead and can be delayed", { nextMs: 11_000, next: "delays" }, { kind: "go back", byMs: 1080 }],
    ["it is further ahead than it can be delayed", { nextMs: 16_000, next: "delays" }, { kind: "hurry" }],
    ["the shown one is lost, the next a little ahead", { nextMs: 10_200, shownLives: false }, { kind: "swap" }],
    [
      "the shown one is lost, WebRTC far ahead",
      { nextMs: 19_000, shownLives: false, next: "delays" },
      { kind: "swap" },
    ],
    ["the shown one is lost, HLS far ahead", { nextMs: 11_000, shownLives: false }, { kind: "go back", byMs: 1080 }],
  ];
  it.each(cases)("%s", (_name, change, step) => expect(nextStep({ ...moments, ...change })).toEqual(step));
});

describe("the seek bar", () => {
  const window = { startMs: 100_000, endMs: 160_000 };

  it("is not there without anything to go back to", () => {
    expect(seekView(null, 1, 0)).toBeNull();
    expect(seekView(window, null, 0)).toBeNull();
    expect(seekView({ startMs: 0, endMs: 7000 }, 5000, 0)).toBeNull();
  });

  it("is at its end as long as the picture is where this way of watching usually is", () => {
    expect(seekView(window, 153_000, 6000)).toMatchObject({ live: true, position_s: 60, length_s: 60, label: "Live" });
    expect(seekView(window, 130_000, 6000)).toMatchObject({ live: false, position_s: 30, label: "-0:30" });
    expect(seekView(window, 90_000, 0)).toMatchObject({ position_s: 0 });
  });

  it("leads to instants", () => {
    expect(instantAt(window, 60, 60)).toBeNull();
    expect(instantAt(window, 30, 60)).toBe(130_000);
    expect(instantAt(window, -5, 60)).toBe(100_000);
    expect(instantAfter(window, 150_000, -10)).toBe(140_000);
    expect(instantAfter(window, 105_000, -10)).toBe(100_000);
    expect(instantAfter(window, 150_000, 10)).toBeNull();
    expect(fractionAt(150, 100, 200)).toBe(0.25);
    expect(fractionAt(50, 100, 200)).toBe(0);
    expect(fractionAt(50, 100, 0)).toBe(0);
  });
});

it("keys are the player's unless something else has a better claim", () => {
  const press = (key: string, focus: "none" | "button" | "slider" | "field" = "none", modified = false) =>
    commandOf({ key, modified, focus })?.kind ?? null;
  expect(press("K")).toBe("play");
  expect(press(" ")).toBe("play");
  expect(press(" ", "button")).toBeNull();
  expect(press("ArrowLeft", "slider")).toBeNull();
  expect(press("m", "slider")).toBe("mute");
  expect(press("m", "field")).toBeNull();
  expect(press("f", "none", true)).toBeNull();
  expect(press("x")).toBeNull();
});

describe("places and instants", () => {
  const segments = [
    { start_s: 0, duration_s: 2, dateMs: null },
    { start_s: 2, duration_s: 2, dateMs: 50_000 },
    { start_s: 4, duration_s: 2, dateMs: 60_000 }, // eight seconds were lost before it
  ];

  it("lead to one another", () => {
    expect(dateAt(segments, 3)).toBe(51_000);
    expect(dateAt(segments, 7)).toBe(63_000);
    expect(dateAt(segments, 0)).toBe(48_000);
    expect(positionAt(segments, 51_000)).toBe(3);
    expect(positionAt(segments, 58_000)).toBe(4); // in the gap: where it ends
    expect(positionAt(segments, 10)).toBe(2);
    expect(positionAt(segments, 63_000)).toBe(7);
    expect(windowOf(segments, 6)).toEqual({ startMs: 50_000, endMs: 62_000 });
  });

  it("are not known without a clock", () => {
    expect([dateAt([], 1), positionAt([], 1), windowOf([], 1)]).toEqual([null, null, null]);
  });
});

describe("CaptureMap", () => {
  it("tells the capture of every picture from what is learned once a second", () => {
    const map = new CaptureMap();
    expect(map.capturedMs(90, 1000)).toBeNull();
    map.learn(90_000, 1000, 100);
    expect(map.capturedMs(93_000, 1040)).toBeCloseTo(900 + 3000 / 90);
    expect(map.capturedMs(null, 1040)).toBe(940);
  });

  it("follows RTP time around its end", () => {
    const map = new CaptureMap();
    map.learn(2 ** 32 - 900, 1000, 100);
    expect(map.capturedMs(900, 1020)).toBeCloseTo(920);
  });

  it("learns nothing while the jitter buffer changes", () => {
    const map = new CaptureMap();
    map.learn(0, 1000, 100);
    map.learn(90_000, 2000, 500);
    expect(map.capturedMs(90_000, 2000)).toBeCloseTo(1900);
    map.restarted();
    expect(map.capturedMs(90_000, 2000)).toBeNull();
  });
});

describe("I-frames", () => {
  it("are taken from the smallest rendition", () => {
    const master = [
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,CODECS="avc1.1",RESOLUTION=1280x720,URI="big/iframes.m3u8"',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,CODECS="avc1.2",RESOLUTION=320x180,URI="small/iframes.m3u8"',
      "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9",
    ].join("\n");
    expect(smallestIframes(master)).toEqual({ uri: "small/iframes.m3u8", codecs: "avc1.2" });
    expect(smallestIframes("#EXTM3U")).toBeNull();
  });

  it("have instants, but for gaps and those without a clock", () => {
    const list = [
      "#EXTM3U",
      "#EXTINF:2,",
      "i0.m4s",
      '#EXT-X-MAP:URI="init.mp4"',
      "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:40.000Z",
      "#EXTINF:2,",
      "i1.m4s",
      "#EXT-X-GAP",
      "#EXTINF:2,",
      "i2.m4s",
      "#EXTINF:2,",
      "i3.m4s",
    ].join("\n");
    const found = parseIframes(list);
    expect(found).toEqual([
      { uri: "i1.m4s", mapUri: "init.mp4", dateMs: 100_000 },
      { uri: "i3.m4s", mapUri: "init.mp4", dateMs: 104_000 },
    ]);
    expect(iframeAt(found, 103_999)?.uri).toBe("i1.m4s");
    expect(iframeAt(found, 1)?.uri).toBe("i1.m4s");
    expect(iframeAt([], 1)).toBeNull();
  });
});

it("a page has slept when its beat was missing for seconds", () => {
  const sleep = new SleepWatch(200);
  expect([0, 200, 2000, 60_000].map((nowMs) => sleep.slept(nowMs))).toEqual([false, false, false, true]);
});

describe("words", () => {
  const live = {
    name: "s",
    session: "x",
    state: "live",
    started_ms: 0,
    viewers: 0,
    tracks: [],
    renditions: [],
    hls: null,
    whep: null,
  } as const;
  const usual: Situation = {
    online: true,
    sighting: live,
    state: "connecting",
    problem: null,
    shown: false,
    impossible: false,
  };
  const cases: readonly [Partial<Situation>, string][] = [
    [{ state: "live" }, ""],
    [{ impossible: true }, "This browser plays neither WebRTC nor HLS."],
    [{ online: false }, "You are offline. It goes on when the network is back."],
    [{ sighting: undefined }, "The server does not answer. Trying again."],
    [{ sighting: null }, "Not live yet. It starts here by itself."],
    [{ sighting: null, shown: true }, "The broadcast has ended. It starts here when there is another."],
    [{ sighting: { ...live, state: "interrupted" } }, "The publisher has lost the connection. Waiting for it."],
    [{ sighting: { ...live, state: "starting" } }, "The broadcast is about to start."],
    [{ state: "failed", problem: "No." }, "No."],
    [{ state: "failed" }, "It cannot be played here."],
    [{ state: "stalled" }, "Reconnecting."],
    [{}, "Connecting."],
  ];
  it.each(cases)("of %j", (change, notice) => expect(noticeOf({ ...usual, ...change })).toBe(notice));

  it("name the way of watching", () => {
    expect(pathLine(null, "auto", null)).toBe("");
    expect(pathLine("webrtc", "auto", null)).toBe("Over WebRTC");
    expect(pathLine("webrtc", "auto", "hls")).toBe("Changing to HLS");
    expect(pathLine("hls", "webrtc", null)).toBe("Over HLS, for WebRTC does not work now");
  });

  it("are on the badge", () => {
    expect(badgeOf(null, false, true).text).toBe("Ended");
    expect(badgeOf(undefined, false, true).text).toBe("Offline");
    expect(badgeOf({ ...live, state: "starting" }, false, false).text).toBe("Starting");
    expect(badgeOf({ ...live, state: "interrupted" }, true, true).text).toBe("Interrupted");
    expect(badgeOf(live, true, true).text).toBe("Live");
    expect(badgeOf(live, false, true).text).toBe("Rewound");
  });

  it("embed the player", () => {
    expect(embedSnippet("https://a/embed/b", "b")).toContain('src="https://a/embed/b" title="b live"');
  });
});
