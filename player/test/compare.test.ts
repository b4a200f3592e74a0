import { describe, expect, it } from "vitest";
import { columnsOf, spanOf } from "../src/compare/chart-data.ts";
import { fileName, toCsv, toJson } from "../src/compare/export.ts";
import { fromFragment, isLink, toFragment } from "../src/compare/link.ts";
import { type Measurement, type PathMeasurement, summarize } from "../src/compare/measurement.ts";
import { BadMeasurement, fromPlain, toPlain } from "../src/compare/measurement-json.ts";
import { chosenPaths, isPath, PATHS, type Path, queryOf, titleOf, waterfallOf } from "../src/compare/paths.ts";
import { rowsOf } from "../src/compare/waterfall-rows.ts";
import { Recording } from "../src/compare/recording.ts";
import {
  compareLatencies,
  describeFinished,
  describeSighting,
  figureTexts,
  formatError,
} from "../src/compare/words.ts";
import type { Waterfall } from "../src/latency/waterfall.ts";
import type { Method } from "../src/latency/meter.ts";
import { type Sample, Series } from "../src/latency/series.ts";

const FIGURES = {
  ...{ stalls: 1, dropped: 2, bitrate_bps: 2_504_000, width: 1280, height: 720, rung: "720p" },
  ...{ buffer_s: 0.9, join_ms: 250 },
};

function samplesOf(count: number, value = 64.3, everyMs = 150): Sample[] {
  return Array.from({ length: count }, (_, index) => ({ atMs: index * everyMs, value: value + (index % 7) }));
}

function pathOf(path: Path, samples: readonly Sample[], method: Method | null = "timecode"): PathMeasurement {
  return { path, method, figures: FIGURES, waterfall: waterfallFor(path), samples, latency: summarize(samples) };
}

function waterfallFor(path: Path): Waterfall {
  const stages = [
    { name: "capture", ms: 7.5, known: true },
    { name: "network", ms: 0, known: false },
    { name: "render", ms: -0.5, known: true },
  ] as const;
  return { path: waterfallOf(path), stages, total_ms: 10, remainder_ms: 3 };
}

function measurementOf(...paths: PathMeasurement[]): Measurement {
  return {
    ...{ stream: "studio", profile: "standard", started_ms: Date.UTC(2026, 10, 25, 14, 12, 33) },
    ...{ duration_ms: 130_000, clockError_ms: 0.6, paths },
  };
}

describe("paths", () => {
  it("have names; that of LL-HLS says which profile", () => {
    expect(PATHS.map((path) => titleOf(path, "ultra"))).toEqual(["WebRTC", "LL-HLS ultra", "Plain HLS"]);
    expect(titleOf("hls", "")).toBe("LL-HLS");
    expect(isPath("plain")).toBe(true);
    expect(isPath("toString")).toBe(false);
  });

  it.each([
    ["", PATHS],
    ["?paths=plain,whep", ["whep", "plain"]],
    ["?paths=hls,none", ["hls"]],
    ["?paths=none", PATHS],
    ["?paths=", PATHS],
  ] as const)("are chosen by %j", (query, paths) => {
    expect(PATHS.filter((path) => chosenPaths(query).has(path))).toEqual(paths);
  });

  it("are asked for by a query that keeps what else was asked", () => {
    expect(queryOf(new Set(["plain", "whep"]), "?a=1")).toBe("?a=1&paths=whep,plain");
    expect(queryOf(new Set(PATHS), "?paths=hls")).toBe("");
    expect(queryOf(new Set(), "?paths=hls&a=1")).toBe("?a=1");
  });
});

describe("summarize", () => {
  it("gives median, 95 % and the highest", () => {
    const samples = Array.from({ length: 100 }, (_, index) => ({ atMs: index, value: 100 - index }));
    expect(summarize(samples)).toEqual({ p50_ms: 50, p95_ms: 95, max_ms: 100, samples: 100 });
  });

  it("of nothing gives nothing", () => {
    expect(summarize([])).toEqual({ p50_ms: null, p95_ms: null, max_ms: null, samples: 0 });
  });
});

describe("a recording", () => {
  const setting = { stream: "studio", profile: "standard", clockError_ms: null };

  class Meter {
    method: Method | null = "timecode";
    readonly series = new Series(100_000);
    recent = (fromMs: number) => this.series.since(fromMs);
  }

  function recordingOf(meter: Meter) {
    const recording = new Recording(1000);
    const take = (nowMs: number) => recording.take(new Map([["whep", meter]]), nowMs);
    const measured = (nowMs: number, nodeMs = nowMs) => {
      return recording.measurement(new Map([["whep", { figures: FIGURES, waterfall: null }]]), setting, nowMs, nodeMs);
    };
    const values = (nowMs: number) => measured(nowMs).paths[0]?.samples.map(({ atMs, value }) => [atMs, value]);
    return { recording, take, measured, values };
  }

  it("takes each sample once, rounded, counted from its beginning", () => {
    const meter = new Meter();
    const { take, measured, values } = recordingOf(meter);
    [900, 1000, 1100.4, 1200].forEach((atMs) => meter.series.add(atMs, atMs / 10));
    take(1200);
    meter.series.add(1300, 130);
    take(1400);
    take(1400);
    expect(values(1500)).toEqual([
      [100, 110],
      [200, 120],
      [300, 130],
    ]);
    const { started_ms, duration_ms, paths } = measured(1500, 90_500);
    expect([started_ms, duration_ms]).toEqual([90_000, 500]);
    expect(paths[0]?.latency).toEqual({ p50_ms: 120, p95_ms: 130, max_ms: 130, samples: 3 });
    expect(paths[0]).toMatchObject({ path: "whep", method: "timecode", figures: FIGURES, waterfall: null });
  });

  it("leaves out what comes in a pause, and stands still meanwhile", () => {
    const meter = new Meter();
    const { recording, take, measured, values } = recordingOf(meter);
    recording.pause(2000);
    recording.pause(2500);
    expect(recording.paused).toBe(true);
    meter.series.add(2400, 1);
    take(3000);
    expect(measured(3000).duration_ms).toBe(1000);
    recording.resume(3000);
    expect(recording.paused).toBe(false);
    meter.series.add(3100, 2);
    take(3200);
    expect(values(3200)).toEqual([[2100, 2]]);
    expect(measured(3200).duration_ms).toBe(2200);
  });

  it("begins again, paused or not", () => {
    const meter = new Meter();
    const { recording, take, measured, values } = recordingOf(meter);
    meter.series.add(1100, 1);
    take(1200);
    recording.reset(1300);
    expect(values(1400)).toEqual([]);
    expect(measured(1400).duration_ms).toBe(100);
    recording.pause(1500);
    recording.reset(1600);
    expect(measured(1700).duration_ms).toBe(0);
    expect(recording.paused).toBe(true);
  });

  it("begins a path anew when its method changes", () => {
    const meter = new Meter();
    const { take, measured, values } = recordingOf(meter);
    meter.method = "capture";
    meter.series.add(1100, 1);
    take(1200);
    meter.method = "timecode";
    meter.series.add(1300, 2);
    take(1400);
    expect(values(1400)).toEqual([[300, 2]]);
    expect(measured(1400).paths[0]?.method).toBe("timecode");
  });

  it("keeps the newest of very many", () => {
    const meter = new Meter();
    const { take, measured } = recordingOf(meter);
    for (let index = 1; index <= 12_001; index++) meter.series.add(1000 + index, index);
    take(20_000);
    const samples = measured(20_000).paths[0]?.samples ?? [];
    expect([samples.length, samples[0]?.value, samples.at(-1)?.value]).toEqual([12_000, 2, 12_001]);
  });
});

describe("columns of the chart", () => {
  it("span the newest, or everything, and are never without length", () => {
    expect(spanOf(60_000, 90_000)).toEqual({ fromMs: 30_000, toMs: 90_000 });
    expect(spanOf(60_000, 10_000)).toEqual({ fromMs: 0, toMs: 10_000 });
    expect(spanOf(Infinity, 10_000)).toEqual({ fromMs: 0, toMs: 10_000 });
    expect(spanOf(60_000, 0)).toEqual({ fromMs: 0, toMs: 500 });
  });

  it("hold the highest of each, on round times; a short lack is none, a long one is a gap", () => {
    const at = (atMs: number, value: number) => ({ atMs, value });
    const samples = [at(100, 9), at(600, 5), at(900, 7), at(1600, 2), at(6200, 3), at(9000, 1)];
    const { atMs, series } = columnsOf([samples, []], { fromMs: 700, toMs: 6900 }, 20);
    expect(atMs.slice(0, 3)).toEqual([500, 1000, 1500]);
    expect(atMs.at(-1)).toBe(6500);
    expect(series[0]).toEqual([7, undefined, 2, ...new Array<null>(8).fill(null), undefined, undefined].with(11, 3));
    expect(new Set(series[1])).toEqual(new Set([undefined]));
  });

  it.each([1, 12, 150])("are at most %d, however long it took", (most) => {
    for (const toMs of [500, 7300, 60_000, 1_234_567, 1e10]) {
      const { atMs } = columnsOf([], { fromMs: toMs / 3, toMs }, most);
      expect(atMs.length).toBeLessThanOrEqual(Math.max(3, most));
      expect(atMs.at(-1)).toBeLessThanOrEqual(toMs);
    }
  });
});

describe("files", () => {
  const measurement = measurementOf(pathOf("whep", samplesOf(2)), pathOf("hls", samplesOf(1, 1060), null));

  it("JSON can be read back", () => {
    const read = fromPlain(JSON.parse(toJson(measurement)));
    expect(read.paths.map(({ path }) => path)).toEqual(["whep", "hls"]);
    expect(read.paths[0]?.samples).toEqual([
      { atMs: 0, value: 64.3 },
      { atMs: 150, value: 65.3 },
    ]);
    expect({ ...read, paths: [] }).toEqual({ ...measurement, paths: [] });
  });

  it("CSV has a line for each sample", () => {
    expect(toCsv(measurement)).toBe(
      "at_s,path,method,latency_ms\r\n0.000,whep,timecode,64.3\r\n0.150,whep,timecode,65.3\r\n0.000,hls,,1060.0\r\n",
    );
  });

  it("are named after the stream and the time", () => {
    expect(fileName(measurement, "png")).toBe("tandem-studio-20261125T141233Z.png");
  });
});

describe("a link", () => {
  const hour = measurementOf(...PATHS.map((path) => pathOf(path, samplesOf(24_000)))); // 24 000 at 150 ms are an hour
  const whole = { ...hour, duration_ms: 3_600_000 };

  it("holds what was measured, its samples thinned out, in little", async () => {
    const fragment = await toFragment(whole);
    expect(isLink(fragment)).toBe(true);
    expect(fragment.length).toBeLessThan(3000);
    expect(fragment).toMatch(/^#m=[\w-]+$/);
    const read = await fromFragment(fragment);
    expect({ ...read, paths: [] }).toEqual({ ...whole, paths: [] });
    for (const [index, path] of read.paths.entries()) {
      expect({ ...path, samples: [] }).toEqual({ ...whole.paths[index], samples: [] });
      expect(path.samples.length).toBeGreaterThan(100);
      expect(Math.max(...path.samples.map(({ value }) => value))).toBe(70); // the highest is still there
    }
  });

  it.each(["", "#", "#other", "#M=a"])("%j is none", async (fragment) => {
    expect(isLink(fragment)).toBe(false);
    await expect(fromFragment(fragment)).rejects.toThrow("damaged");
  });

  it.each([
    ["what is no base64url", "#m=a+b/c="],
    ["half a byte", "#m=a"],
    ["nothing", "#m="],
    ["what is not deflated", "#m=____"],
    ["what is too long", `#m=${"A".repeat(20_000)}`],
  ])("of %s is refused", async (_what, fragment) => {
    await expect(fromFragment(fragment)).rejects.toThrow(BadMeasurement);
  });

  it("that is cut off is refused", async () => {
    const fragment = await toFragment(whole);
    await expect(fromFragment(fragment.slice(0, -20))).rejects.toThrow("damaged");
  });

  it.each([
    ["not JSON", "{"],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
  ])("with %s is refused", async (_what, content) => {
    await expect(fromFragment(await packed(content))).rejects.toThrow("damaged");
  });

  it("that would swell to megabytes is refused before it has", async () => {
    const bomb = await packed(JSON.stringify("a".repeat(4_000_000)));
    expect(bomb.length).toBeLessThan(16_384);
    await expect(fromFragment(bomb)).rejects.toThrow("more than a measurement");
  });

  async function packed(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
    const deflated = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
    const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    return `#m=${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  }
});

describe("a measurement from outside", () => {
  type Plain = Record<string, unknown> & { paths: Record<string, unknown>[] };
  const plain = () => structuredClone(toPlain(measurementOf(pathOf("whep", samplesOf(3))))) as Plain;
  const path = (change: Record<string, unknown>) => ({ paths: [{ ...plain().paths[0], ...change }] });
  const figures = (change: Record<string, unknown>) => path({ figures: { ...FIGURES, ...change } });

  it.each([
    ["another format", { format: "x" }, "no measurement of Tandem"],
    ["another version", { version: 2 }, "another version"],
    ["a stream that is markup", { stream: "<script>" }, "no proper name"],
    ["a stream that is none", { stream: 7 }, "no proper name"],
    ["a profile that is markup", { profile: "<b>" }, "profile"],
    ["a time of no calendar", { started_ms: 1e15 }, "started_ms"],
    ["a duration that is text", { duration_ms: "1" }, "duration_ms"],
    ["a clock that is off backwards", { clock_error_ms: -1 }, "clock_error_ms"],
    ["no list of paths", { paths: {} }, "paths"],
    ["too many paths", { paths: [1, 2, 3, 4] }, "paths"],
    ["a path that is none", { paths: [null] }, "a path"],
    ["a path of another name", path({ path: "__proto__" }), "that there is not"],
    ["a path twice", { paths: [plain().paths[0], plain().paths[0]] }, "twice"],
    ["a method that is none", path({ method: "guess" }), "method"],
    ["no latencies", path({ latency: [] }), "latency"],
    ["an endless latency", path({ latency: { p50_ms: 1e300 } }), "p50_ms"],
    ["no figures", path({ figures: 5 }), "figures"],
    ["stalls below nothing", figures({ stalls: -1 }), "stalls"],
    ["a rung that is markup", figures({ rung: "<b>" }), "rung"],
    ["a rung that is a number", figures({ rung: 720 }), "rung"],
    ["a bit rate that is missing", figures({ bitrate_bps: undefined }), "bitrate_bps"],
    ["no waterfall", path({ waterfall: undefined }), "waterfall"],
    ["a waterfall without stages", path({ waterfall: { total_ms: 1, remainder_ms: 1 } }), "stages"],
    ["a stage that there is not", path({ waterfall: { ...waterfallFor("whep"), stages: [{ name: "<b>" }] } }), "name"],
    ["a stage that is none", path({ waterfall: { ...waterfallFor("whep"), stages: [1] } }), "a stage"],
    ["a remainder that is text", path({ waterfall: { ...waterfallFor("whep"), remainder_ms: "3" } }), "remainder_ms"],
    ["samples that are none", path({ samples: [7] }), "sample"],
    ["samples out of order", path({ samples: [[2, 1], [1, 1]] }), "sample"], // prettier-ignore
    ["a sample after the end", path({ samples: [[130_001, 1]] }), "sample"],
    ["a sample that is text", path({ samples: [[1, "1"]] }), "sample"],
    ["too many samples", path({ samples: new Array(20_001).fill([0, 0]) }), "samples"],
  ])("with %s is refused", (_what, change, words) => {
    expect(() => fromPlain({ ...plain(), ...change })).toThrow(BadMeasurement);
    expect(() => fromPlain({ ...plain(), ...change })).toThrow(words);
  });

  it.each([null, 7, "x", [], [[]]])("that is %j is refused", (value) => {
    expect(() => fromPlain(value)).toThrow(BadMeasurement);
  });

  it("may have no waterfall", () => {
    expect(fromPlain({ ...plain(), ...path({ waterfall: null }) }).paths[0]?.waterfall).toBeNull();
  });

  it("may leave open what was not known", () => {
    const read = fromPlain({ ...plain(), clock_error_ms: null, ...figures({ rung: null, bitrate_bps: null }) });
    expect(read.clockError_ms).toBeNull();
    expect(read.paths[0]?.figures).toMatchObject({ rung: null, bitrate_bps: null });
  });

  it("loses what else was in it", () => {
    expect(fromPlain({ ...plain(), more: "<script>" })).not.toHaveProperty("more");
  });
});

describe("the rows of a waterfall", () => {
  it("are its stages and the remainder, with their share of the bar", () => {
    expect(rowsOf(waterfallFor("hls"))).toEqual([
      { name: "capture", kind: "stage", text: "8 ms", share: 7.5 / 10.5 },
      { name: "network", kind: "unseen", text: "not seen", share: 0 },
      { name: "render", kind: "stage", text: "0 ms", share: 0 },
      { name: "remainder", kind: "remainder", text: "3 ms", share: 3 / 10.5 },
    ]);
  });

  it("of nothing have no share", () => {
    expect(rowsOf({ path: "hls", stages: [], total_ms: 0, remainder_ms: 0 })[0]?.share).toBe(0);
  });
});

describe("words", () => {
  it("of a path that is measured", () => {
    expect(figureTexts(pathOf("hls", samplesOf(7)), 0.62)).toEqual({
      ...{ method: "by the time code in the picture", p50: "67 ms", p95: "70 ms", max: "70 ms" },
      ...{ stalls: "1", dropped: "2", bitrate: "2.50 Mbit/s", rung: "720p", size: "1280 × 720" },
      ...{ buffer: "900 ms", join: "250 ms", clock: "± 0.6 ms" },
    });
  });

  it("of a path that is not measured yet", () => {
    const figures = { ...FIGURES, rung: null, buffer_s: null, join_ms: null };
    const texts = figureTexts({ ...pathOf("plain", [], null), figures }, null);
    expect(texts).toMatchObject({ method: "not measured yet", p50: "–", rung: "–", buffer: "–", join: "–" });
    expect(figureTexts(pathOf("whep", [], "capture"), null)).toMatchObject({
      ...{ method: "by the publisher's capture clock", clock: "–", rung: "published" },
    });
    expect(figureTexts({ ...pathOf("whep", []), figures: { ...FIGURES, buffer_s: 4.94 } }, null).buffer).toBe("4.94 s");
  });

  it.each([
    [0.04, "± 0.0 ms"],
    [12.4, "± 12 ms"],
    [null, "–"],
  ])("of a clock %s off", (ms, words) => {
    expect(formatError(ms)).toBe(words);
  });

  it("compare the first path with the others", () => {
    const latencies = [["whep", 44], ["hls", 1030], ["plain", 40]] as const; // prettier-ignore
    expect(compareLatencies(latencies, "ultra")).toBe(
      "WebRTC is 986 ms ahead of LL-HLS ultra and 4 ms behind Plain HLS.",
    );
    expect(compareLatencies(latencies.slice(0, 1), "")).toBe("");
    expect(compareLatencies([], "")).toBe("");
  });

  it("say when it was measured, and for how long", () => {
    expect(describeFinished(measurementOf())).toBe("Measured on 2026-11-25 at 14:12 UTC for 2:10");
  });

  it.each([
    [undefined, "does not answer"],
    [null, "Not live now"],
    ["interrupted", "Interrupted: waiting for the publisher · 1:01 · 2 WebRTC viewers"],
    ["live", "Live · 1:01 · 2 WebRTC viewers"],
  ] as const)("of a stream that is %s", (state, words) => {
    const stream = { name: "studio", session: "s", started_ms: 1000, viewers: 2, tracks: [], renditions: [] };
    const sighting = state == null ? state : { ...stream, state, hls: null, whep: null };
    expect(describeSighting(sighting, 62_000)).toContain(words);
  });
});
