import { describe, expect, it } from "vitest";
import { average, type Journey, type Path, STAGES, waterfall, type Waterfall } from "../src/latency/waterfall.ts";

const UNSEEN: Journey = {
  drawn_ms: null,
  capture_ms: null,
  uplink_ms: null,
  first_packet_ms: null,
  last_packet_ms: null,
  forwarded_ms: null,
  decoded_ms: null,
  coded_ms: null,
  closed_ms: null,
  listed_ms: null,
  received_ms: null,
  decode_ms: null,
  presented_ms: null,
  displayed_ms: null,
};
const OVER_WEBRTC: Journey = {
  ...UNSEEN,
  drawn_ms: 1000,
  capture_ms: 1003,
  uplink_ms: 2,
  first_packet_ms: 1012,
  last_packet_ms: 1014,
  forwarded_ms: 1015,
  received_ms: 1017,
  decode_ms: 4,
  presented_ms: 1030,
  displayed_ms: 1041,
};
const OVER_HLS: Journey = {
  ...OVER_WEBRTC,
  decoded_ms: 1019,
  coded_ms: 1040,
  closed_ms: 1200,
  listed_ms: 1203,
  received_ms: 1210,
  presented_ms: 1600,
  displayed_ms: 1610,
};

function made(path: Path, journey: Journey): Waterfall {
  const result = waterfall(path, journey);
  if (result === null) throw new Error("no waterfall");
  return result;
}

function spent(result: Waterfall): Record<string, number> {
  return Object.fromEntries(result.stages.filter(({ known }) => known).map(({ name, ms }) => [name, ms]));
}

function added(result: Waterfall): number {
  return result.stages.reduce((total, { ms }) => total + ms, result.remainder_ms);
}

describe("a picture's waterfall", () => {
  it("accounts for the whole time over WebRTC", () => {
    const result = made("webrtc", OVER_WEBRTC);
    expect(result.total_ms).toBe(41);
    expect(result.remainder_ms).toBe(0);
    expect(spent(result)).toEqual({
      ...{ capture: 3, encode: 7, network: 4, "receive buffer": 1, transfer: 2, "player buffer": 9 },
      ...{ decode: 4, render: 11 },
    });
  });

  it("accounts for the whole time over HLS", () => {
    const result = made("hls", OVER_HLS);
    expect(result.total_ms).toBe(610);
    expect(result.remainder_ms).toBe(0);
    expect(spent(result)).toEqual({
      ...{ capture: 3, encode: 7, network: 4, "receive buffer": 1, decode: 4, "grid and encode": 21 },
      ...{ "part wait": 160, origin: 3, transfer: 7, "player buffer": 390, render: 10 },
    });
  });

  it("has its stages in the order in which the picture meets them", () => {
    expect(made("hls", OVER_HLS).stages.map(({ name }) => name)).toEqual(STAGES);
    expect(made("webrtc", OVER_WEBRTC).stages.map(({ name }) => name)).toEqual([
      ...["capture", "encode", "network", "receive buffer", "transfer", "player buffer", "decode", "render"],
    ]);
  });

  it.each(["webrtc", "hls"] as const)("marks what was not seen over %s as remainder", (path) => {
    for (const hidden of Object.keys(UNSEEN) as (keyof Journey)[]) {
      const result = waterfall(path, { ...(path === "hls" ? OVER_HLS : OVER_WEBRTC), [hidden]: null });
      if (result === null) expect(hidden).toBe("displayed_ms");
      else expect(added(result)).toBeCloseTo(result.total_ms, 9);
    }
    const blind = made(path, { ...UNSEEN, capture_ms: 1000, displayed_ms: 1500 });
    expect(blind.stages.every(({ known, ms }) => !known && ms === 0)).toBe(true);
    expect(blind.remainder_ms).toBe(500);
  });

  it("begins with the capture instant where there is no time code", () => {
    const result = made("webrtc", { ...OVER_WEBRTC, drawn_ms: null });
    expect(result.total_ms).toBe(38);
    expect(result.remainder_ms).toBe(0);
  });

  it("is nothing without a beginning or an end", () => {
    expect(waterfall("hls", { ...OVER_HLS, displayed_ms: null })).toBeNull();
    expect(waterfall("hls", { ...OVER_HLS, drawn_ms: null, capture_ms: null })).toBeNull();
  });
});

describe("the mean of waterfalls", () => {
  it("is nothing of none", () => {
    expect(average([])).toBeNull();
  });

  it("adds up as each of them does", () => {
    const mean = average([made("hls", OVER_HLS), made("hls", { ...OVER_HLS, displayed_ms: 1650, coded_ms: null })]);
    expect(mean?.total_ms).toBe(630);
    expect(mean && added(mean)).toBeCloseTo(630, 9);
    expect(mean?.stages.find(({ name }) => name === "render")?.ms).toBe(30);
  });

  it("knows a stage that most of them know", () => {
    const [seen, blind] = [made("hls", OVER_HLS), made("hls", { ...OVER_HLS, closed_ms: null })];
    const known = (all: Waterfall[]) => average(all)?.stages.find(({ name }) => name === "origin")?.known;
    expect(known([seen, seen, blind])).toBe(true);
    expect(known([seen, blind])).toBe(false);
  });

  it("treats a stage that one of them lacks as not known", () => {
    const short = { ...made("webrtc", OVER_WEBRTC), stages: [] };
    expect(average([made("webrtc", OVER_WEBRTC), short])?.stages.some(({ known }) => known)).toBe(false);
  });
});
