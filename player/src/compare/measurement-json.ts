/** Pure: a measurement as JSON, and back again from whoever wrote it: nothing that comes in is believed. */

import type { Method } from "../latency/meter.ts";
import type { Sample } from "../latency/series.ts";
import { STAGES, type Stage, type StageName, type Waterfall } from "../latency/waterfall.ts";
import { isStreamName } from "../names.ts";
import type { LatencySummary, Measurement, PathFigures, PathMeasurement } from "./measurement.ts";
import { isPath, type Path, PATHS, waterfallOf } from "./paths.ts";

const FORMAT = "tandem-measurement";
const VERSION = 1;
const MOST_SAMPLES = 20_000; // of a path
const MOST_LATENCY_MS = 1e7;
const MOST_DURATION_MS = 1e10; // nearly four months
const LATEST_MS = 4e12; // Unix time: the year 2096
const MOST_COUNT = 1e12;
const RUNG = /^\d{1,5}p$/;
const METHODS: readonly unknown[] = ["timecode", "capture", null];
const PROFILES: readonly unknown[] = ["standard", "ultra", ""];

/** What was given is no measurement; the message says why, as a clause. */
export class BadMeasurement extends Error {
  override readonly name = "BadMeasurement";
}

/** As plain JSON: the names carry units, a sample is `[at_ms, latency_ms]`. */
export function toPlain(measurement: Measurement): unknown {
  const { stream, profile, started_ms, duration_ms, clockError_ms, paths } = measurement;
  return {
    format: FORMAT,
    version: VERSION,
    ...{ stream, profile, started_ms, duration_ms, clock_error_ms: clockError_ms },
    paths: paths.map(({ path, method, latency, figures, waterfall, samples }) => ({
      ...{ path, method, latency, figures },
      waterfall: waterfall && waterfallToPlain(waterfall),
      samples: samples.map(({ atMs, value }) => [atMs, value]),
    })),
  };
}

/** Throws `BadMeasurement`. Whatever else the value holds is left behind. */
export function fromPlain(value: unknown): Measurement {
  const plain = object(value, "it");
  if (plain["format"] !== FORMAT) throw new BadMeasurement("it is no measurement of Tandem");
  if (plain["version"] !== VERSION) throw new BadMeasurement("it was made by another version of Tandem");
  const stream = plain["stream"];
  if (typeof stream !== "string" || !isStreamName(stream)) throw new BadMeasurement("its stream has no proper name");
  const duration_ms = number(plain, "duration_ms", 0, MOST_DURATION_MS);
  const paths = list(plain, "paths", PATHS.length).map((path) => pathFromPlain(path, duration_ms));
  if (new Set(paths.map(({ path }) => path)).size !== paths.length) throw new BadMeasurement("it has a path twice");
  return {
    stream,
    profile: oneOf<string>(plain, "profile", PROFILES),
    started_ms: number(plain, "started_ms", 0, LATEST_MS),
    duration_ms,
    clockError_ms: numberOrNull(plain, "clock_error_ms", 0, MOST_LATENCY_MS),
    paths,
  };
}

function pathFromPlain(value: unknown, duration_ms: number): PathMeasurement {
  const plain = object(value, "a path");
  const path = plain["path"];
  if (!isPath(path)) throw new BadMeasurement("it has a path that there is not");
  return {
    path,
    method: oneOf<Method | null>(plain, "method", METHODS),
    latency: latencyFromPlain(object(plain["latency"], "latency")),
    figures: figuresFromPlain(object(plain["figures"], "figures")),
    waterfall: plain["waterfall"] === null ? null : waterfallFromPlain(object(plain["waterfall"], "waterfall"), path),
    samples: samplesFromPlain(list(plain, "samples", MOST_SAMPLES), duration_ms),
  };
}

function latencyFromPlain(plain: Plain): LatencySummary {
  const latency = (key: string) => numberOrNull(plain, key, -MOST_LATENCY_MS, MOST_LATENCY_MS);
  return {
    p50_ms: latency("p50_ms"),
    p95_ms: latency("p95_ms"),
    max_ms: latency("max_ms"),
    samples: number(plain, "samples", 0, MOST_COUNT),
  };
}

function figuresFromPlain(plain: Plain): PathFigures {
  const known = (key: string) => numberOrNull(plain, key, 0, MOST_COUNT);
  return {
    stalls: number(plain, "stalls", 0, MOST_COUNT),
    dropped: number(plain, "dropped", 0, MOST_COUNT),
    bitrate_bps: known("bitrate_bps"),
    width: known("width"),
    height: known("height"),
    rung: rungFromPlain(plain["rung"]),
    buffer_s: known("buffer_s"),
    join_ms: known("join_ms"),
  };
}

function waterfallToPlain({ stages, total_ms, remainder_ms }: Waterfall) {
  return {
    ...{ total_ms: tenths(total_ms), remainder_ms: tenths(remainder_ms) },
    stages: stages.map(({ name, ms, known }) => ({ name, ms: tenths(ms), known })),
  };
}

function waterfallFromPlain(plain: Plain, path: Path): Waterfall {
  return {
    path: waterfallOf(path),
    stages: list(plain, "stages", STAGES.length).map((stage) => stageFromPlain(object(stage, "a stage"))),
    total_ms: number(plain, "total_ms", -MOST_LATENCY_MS, MOST_LATENCY_MS),
    remainder_ms: number(plain, "remainder_ms", -MOST_LATENCY_MS, MOST_LATENCY_MS),
  };
}

function stageFromPlain(plain: Plain): Stage {
  return {
    name: oneOf<StageName>(plain, "name", STAGES),
    ms: number(plain, "ms", -MOST_LATENCY_MS, MOST_LATENCY_MS),
    known: oneOf<boolean>(plain, "known", [true, false]),
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function rungFromPlain(value: unknown): string | null {
  if (value === null || (typeof value === "string" && RUNG.test(value))) return value;
  throw new BadMeasurement("rung is none that there is");
}

function samplesFromPlain(pairs: readonly unknown[], duration_ms: number): readonly Sample[] {
  let lastMs = 0;
  return pairs.map((pair) => {
    const [atMs, value] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (!within(atMs, lastMs, duration_ms) || !within(value, -MOST_LATENCY_MS, MOST_LATENCY_MS)) {
      throw new BadMeasurement("a sample is not of its time, or not in order");
    }
    lastMs = atMs;
    return { atMs, value };
  });
}

type Plain = Readonly<Record<string, unknown>>;

function object(value: unknown, what: string): Plain {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadMeasurement(`${what} is not what it should be`);
  }
  return value as Plain;
}

function list(plain: Plain, key: string, most: number): readonly unknown[] {
  const value = plain[key];
  if (!Array.isArray(value) || value.length > most) throw new BadMeasurement(`${key} is no list of at most ${most}`);
  return value;
}

function number(plain: Plain, key: string, least: number, most: number): number {
  const value = plain[key];
  if (!within(value, least, most)) throw new BadMeasurement(`${key} is no number from ${least} to ${most}`);
  return value;
}

function numberOrNull(plain: Plain, key: string, least: number, most: number): number | null {
  return plain[key] === null ? null : number(plain, key, least, most);
}

function oneOf<T>(plain: Plain, key: string, allowed: readonly unknown[]): T {
  if (!allowed.includes(plain[key])) throw new BadMeasurement(`${key} is none that there is`);
  return plain[key] as T;
}

function within(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most; // NaN is not
}
