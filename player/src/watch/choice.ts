/**
 * Pure: which way to watch by.
 *
 * The earliest way comes first, unless somebody has chosen another; a way that fails is left alone for a while, longer
 * with every failure, and tried again after that, or when the network is another one. Plain HLS is never left alone:
 * there is nothing after it.
 */

export type Path = "webrtc" | "ll-hls" | "hls";
export type Preference = "auto" | Path;

export const PATHS: readonly Path[] = ["webrtc", "ll-hls", "hls"];

const FIRST_REST_MS = 15_000; // a try costs a connection, and on a phone battery
const LONGEST_REST_MS = 120_000;
const PROVEN_MS = 30_000; // of playing, after which earlier failures are forgotten

interface Record {
  failures: number;
  restsUntilMs: number;
  playsSinceMs: number | null;
}

export class Choice {
  preference: Preference = "auto";
  readonly #records: { readonly [path in Path]: Record } = { webrtc: fresh(), "ll-hls": fresh(), hls: fresh() };

  /** Choose by hand, or leave it to the player; what has failed before gets another chance. */
  prefer(preference: Preference): void {
    this.preference = preference;
    this.again();
  }

  /** The best of what is on offer that is not resting; null if nothing is on offer. */
  best(offered: readonly Path[], nowMs: number): Path | null {
    const order = this.preference === "auto" ? PATHS : [this.preference, ...PATHS];
    const possible = order.filter((path) => offered.includes(path));
    return possible.find((path) => !this.#rests(path, nowMs)) ?? possible.at(-1) ?? null;
  }

  /** It could not be played, or is lost. */
  failed(path: Path, nowMs: number): void {
    const record = this.#records[path];
    record.restsUntilMs = nowMs + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** record.failures);
    record.failures++;
    record.playsSinceMs = null;
  }

  /** It plays; told again and again. */
  plays(path: Path, nowMs: number): void {
    const record = this.#records[path];
    record.playsSinceMs ??= nowMs;
    if (nowMs - record.playsSinceMs >= PROVEN_MS) record.failures = 0;
  }

  /** A sensible moment to try everything again: another network, another broadcast. */
  again(): void {
    for (const path of PATHS) Object.assign(this.#records[path], fresh());
  }

  #rests(path: Path, nowMs: number): boolean {
    return path !== "hls" && nowMs < this.#records[path].restsUntilMs;
  }
}

function fresh(): Record {
  return { failures: 0, restsUntilMs: 0, playsSinceMs: null };
}

/** Counts stalls: low latency that stops again and again is worse than a few seconds more. */
export class StallWatch {
  readonly #most: number;
  readonly #withinMs: number;
  #atMs: number[] = [];
  #count: number | null = null;

  constructor(most: number, withinMs: number) {
    this.#most = most;
    this.#withinMs = withinMs;
  }

  /** The player's count of stalls now. True when it is too many. */
  tooMany(count: number, nowMs: number): boolean {
    for (let seen = this.#count ?? count; seen < count; seen++) this.#atMs.push(nowMs);
    this.#count = count;
    this.#atMs = this.#atMs.filter((atMs) => nowMs - atMs < this.#withinMs);
    return this.#atMs.length >= this.#most;
  }

  reset(): void {
    this.#atMs = [];
    this.#count = null;
  }
}
