import { describe, expect, it } from "vitest";
import { percentile, Series } from "../src/latency/series.ts";

describe("percentile", () => {
  it("is the nearest rank, whatever the order", () => {
    const values = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
    expect(percentile(values, 0.5)).toBe(49);
    expect(percentile(values, 0.95)).toBe(94);
    expect(percentile(values, 0)).toBe(0);
    expect(percentile(values, 1)).toBe(99);
  });

  it("sorts by number and not by text", () => {
    expect(percentile([9, 10, 100], 0.5)).toBe(10);
  });

  it("of nothing is null", () => {
    expect(percentile([], 0.5)).toBeNull();
  });
});

describe("Series", () => {
  it("keeps the latest, up to its capacity", () => {
    const series = new Series(3);
    [1, 2, 3, 4].forEach((value) => series.add(value * 10, value));
    expect(series.since(0).map(({ value }) => value)).toEqual([2, 3, 4]);
    expect(series.last).toEqual({ atMs: 40, value: 4 });
  });

  it("sums up all, or those since a time", () => {
    const series = new Series(10);
    [5, 1, 9].forEach((value, index) => series.add(index, value));
    expect(series.summary()).toEqual({ last: 9, p50: 5, p95: 9, samples: 3 });
    expect(series.summary(2)).toEqual({ last: 9, p50: 9, p95: 9, samples: 1 });
    expect(series.summary(3)).toEqual({ last: null, p50: null, p95: null, samples: 0 });
  });

  it("forgets", () => {
    const series = new Series(10);
    series.add(0, 1);
    series.clear();
    expect(series.last).toBeNull();
  });
});
