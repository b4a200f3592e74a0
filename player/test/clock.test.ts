import { describe, expect, it } from "vitest";
import { ClockFilter } from "../src/clock/sync.ts";

/** An answer of a node whose clock is `offset` ahead; the way there takes `there` ms and the way back `back` ms. */
const sample = (sentMs: number, there: number, back: number, offset = 1000) => ({
  sentMs,
  receivedMs: sentMs + there + back,
  nodeMs: sentMs + there + offset,
});

describe("ClockFilter", () => {
  it("knows nothing before the first answer", () => {
    expect(new ClockFilter().estimate(0)).toBeNull();
  });

  it("trusts the quickest answer, and is wrong by half of its round trip at most", () => {
    const filter = new ClockFilter();
    filter.add(sample(0, 60, 2));
    filter.add(sample(100, 1, 2));
    filter.add(sample(200, 5, 90));
    const estimate = filter.estimate(300);
    expect(estimate?.errorMs).toBeCloseTo(1.5 + 197 * 50e-6);
    expect(Math.abs((estimate?.offsetMs ?? 0) - 1000)).toBeLessThanOrEqual(1.5);
  });

  it("prefers a newer answer to an old one that was a little quicker, since clocks drift", () => {
    const filter = new ClockFilter();
    filter.add(sample(0, 1, 1, 1000));
    filter.add(sample(600_000, 2, 2, 1025));
    expect(filter.estimate(600_010)?.offsetMs).toBeCloseTo(1025);
  });

  it("is less and less sure until there is another answer", () => {
    const filter = new ClockFilter();
    filter.add(sample(0, 1, 1));
    expect(filter.estimate(2)?.errorMs).toBe(1);
    expect(filter.estimate(100_002)?.errorMs).toBeCloseTo(6);
    filter.add(sample(100_002, 1, 1));
    expect(filter.estimate(100_004)?.errorMs).toBe(1);
  });

  it("keeps a bounded number", () => {
    const filter = new ClockFilter();
    filter.add(sample(0, 0, 0, 5));
    for (let index = 1; index <= 32; index++) filter.add(sample(index, 1, 1, 1000));
    expect(filter.estimate(40)?.offsetMs).toBe(1000);
  });

  it("ignores what cannot be", () => {
    const filter = new ClockFilter();
    filter.add({ sentMs: 10, receivedMs: 5, nodeMs: 7 });
    filter.add({ sentMs: 10, receivedMs: NaN, nodeMs: 7 });
    filter.add({ sentMs: 1, receivedMs: 5, nodeMs: NaN });
    expect(filter.estimate(10)).toBeNull();
  });
});
