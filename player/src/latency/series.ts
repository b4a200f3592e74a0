/** Pure: the last so many measurements with their times, and their percentiles. */

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

export interface Summary {
  readonly last: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly samples: number;
}

/** The value of which `part` (0 to 1) of all are not larger (nearest rank); null of nothing. */
export function percentile(values: readonly number[], part: number): number | null {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil(part * sorted.length));
  return sorted[rank - 1] ?? null;
}

/** Keeps at most `capacity` samples; the oldest go first. */
export class Series {
  #samples: Sample[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(atMs: number, value: number): void {
    this.#samples.push({ atMs, value });
    if (this.#samples.length > this.#capacity) this.#samples.shift();
  }

  clear(): void {
    this.#samples = [];
  }

  get last(): Sample | null {
    return this.#samples.at(-1) ?? null;
  }

  /** The samples taken at or after a time, oldest first. */
  since(fromMs: number): readonly Sample[] {
    const first = this.#samples.findIndex((sample) => sample.atMs >= fromMs);
    return first < 0 ? [] : this.#samples.slice(first);
  }

  /** Over the samples at or after a time; over all by default. */
  summary(fromMs = -Infinity): Summary {
    const values = this.since(fromMs).map((sample) => sample.value);
    return {
      last: values.at(-1) ?? null,
      p50: percentile(values, 0.5),
      p95: percentile(values, 0.95),
      samples: values.length,
    };
  }
}
