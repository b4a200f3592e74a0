import { describe, expect, it } from "vitest";
import { baseTarget, decide, isNearlyEmpty, LatencyTarget } from "../src/latency/controller.ts";

const AT_TARGET = { latency_s: 1, forward_s: 0.7, target_s: 1, part_s: 1 / 3 };

describe("decide", () => {
  it.each([
    ["at the target", {}, 1],
    ["within the dead zone", { latency_s: 1.015 }, 1],
    ["a little late", { latency_s: 1.1 }, 1.05],
    ["late", { latency_s: 1.6 }, 1.1],
    ["late without anything to spare", { latency_s: 1.5, forward_s: 0.25 }, 1],
    ["early", { latency_s: 0.96 }, 0.98],
    ["far too early", { latency_s: 0.2 }, 0.95],
    ["nearly out of buffer", { latency_s: 1.5, forward_s: 0.15 }, 0.95],
  ])("%s", (_case, change, rate) => {
    expect(decide({ ...AT_TARGET, ...change })).toEqual({ kind: "rate", rate });
  });

  it("jumps when far behind, as far as the buffer allows", () => {
    const decision = decide({ ...AT_TARGET, latency_s: 5, forward_s: 3 });
    expect(decision.kind).toBe("seek");
    expect(decision.kind === "seek" && decision.ahead_s).toBeCloseTo(3 - 1);
    expect(decide({ ...AT_TARGET, latency_s: 5, forward_s: 10 })).toEqual({ kind: "seek", ahead_s: 4 });
  });

  it("plays faster when far behind with nothing to jump into", () => {
    expect(decide({ ...AT_TARGET, latency_s: 5, forward_s: 0.5 })).toEqual({ kind: "rate", rate: 1.1 });
  });

  it("never jumps so far that less than the target is buffered", () => {
    expect(decide({ ...AT_TARGET, latency_s: 5, forward_s: 1.25 })).toEqual({ kind: "rate", rate: 1.1 });
  });
});

describe("LatencyTarget", () => {
  it("rises with each stall and comes back slowly when all is calm", () => {
    const target = new LatencyTarget(0.4, 0.2);
    expect(target.at(0)).toBe(0.4);
    target.stalled(10);
    target.stalled(11);
    expect(target.at(11)).toBeCloseTo(0.6);
    expect(target.at(31)).toBeCloseTo(0.6);
    expect(target.at(41)).toBeCloseTo(0.5);
    expect(target.at(100)).toBeCloseTo(0.4);
  });

  it("rises a little for every second with a nearly empty buffer, however often it is told", () => {
    const target = new LatencyTarget(0.4, 0.2);
    target.nearlyEmpty(10);
    target.nearlyEmpty(10.1);
    target.nearlyEmpty(10.9);
    expect(target.at(10.9)).toBeCloseTo(0.42);
    target.nearlyEmpty(11);
    expect(target.at(11)).toBeCloseTo(0.44);
  });

  it("is what the lateness of the parts needs, comes back slowly when they are punctual, and forgets an outage", () => {
    const target = new LatencyTarget(1, 0.3);
    const arrive = (from_s: number, late_s: number) => {
      for (let part = 0; part < 60; part++) target.arrived(from_s + part * 0.3, late_s);
    };
    arrive(0, 0.05);
    expect(target.at(20)).toBe(1);
    arrive(20, 0.7);
    expect(target.at(38)).toBeCloseTo(0.7 + 1.6 * 0.3);
    arrive(40, 5);
    expect(target.at(58)).toBeCloseTo(0.7 + 1.6 * 0.3);
    arrive(60, 0.05);
    expect(target.at(80)).toBeCloseTo(1.18);
    expect(target.at(105)).toBeLessThan(1.15);
    expect(target.at(120)).toBeCloseTo(1);
  });

  it("does not judge by the first few parts", () => {
    const target = new LatencyTarget(1, 0.3);
    for (let part = 0; part < 9; part++) target.arrived(part, 0.9);
    expect(target.at(9)).toBe(1);
    target.arrived(9, 0.9);
    expect(target.at(9)).toBeCloseTo(1.38);
  });

  it("rises from where it has come back to, and not for ever", () => {
    const target = new LatencyTarget(0.4, 0.2);
    target.stalled(0);
    target.stalled(25);
    expect(target.at(25)).toBeCloseTo(0.55);
    for (let stall = 0; stall < 100; stall++) target.stalled(30);
    expect(target.at(30)).toBeCloseTo(3.4);
  });
});

describe("baseTarget", () => {
  const profile = { part_target_s: 0.2133, part_hold_back_s: 0.64 };

  it("is the part hold back, and two parts for ultra", () => {
    expect(baseTarget({ ...profile, profile: "standard" })).toBe(0.64);
    expect(baseTarget({ ...profile, profile: "ultra" })).toBeCloseTo(0.4266);
  });
});

interface Play {
  readonly part_s: number;
  readonly target_s: number;
  readonly join_s: number;
  /** How long part `index` takes to arrive once it is whole. */
  readonly delay_s: (index: number) => number;
}

/** A player on a live stream of equal parts; control ten times a second, each step 10 ms. Returns its last minute, and all jumps. */
function simulate({ part_s, target_s, join_s, delay_s }: Play): {
  latencies: number[];
  stalls: number;
  jumps: number;
} {
  const step_s = 0.01;
  const latencies: number[] = [];
  let position_s = 100 - join_s;
  let rate = 1;
  let stalls = 0;
  let jumps = 0;
  let starved = false;
  const target = new LatencyTarget(target_s, part_s);
  for (let step = 0; step < 12_000; step++) {
    const now_s = 100 + step * step_s;
    let last = Math.floor(now_s / part_s); // parts before this one are whole; are they here?
    while ((last + 1) * part_s <= now_s) last++;
    while (last * part_s + delay_s(last) > now_s) last--;
    const forward_s = last * part_s - position_s;
    const latency_s = now_s - position_s;
    if (step % 10 === 0) {
      if (isNearlyEmpty(forward_s, part_s)) target.nearlyEmpty(now_s);
      const decision = decide({ latency_s, forward_s, target_s: target.at(now_s), part_s });
      if (decision.kind === "rate") rate = decision.rate;
      else {
        position_s += decision.ahead_s;
        jumps++;
      }
    }
    const starves = last * part_s - position_s < rate * step_s;
    if (starves && !starved) {
      target.stalled(now_s);
      if (step > 6000) stalls++;
    }
    starved = starves;
    if (!starves) position_s += rate * step_s;
    if (step > 6000) latencies.push(now_s - position_s);
  }
  return { latencies, stalls, jumps };
}

describe("on a simulated stream", () => {
  const jitter = (from: number, spread: number) => (index: number) => from + spread * ((index * 0.618) % 1);

  it.each([
    ["standard, joined late", { part_s: 1 / 3, target_s: 1.02, join_s: 1.5, delay_s: jitter(0.01, 0.02) }],
    ["standard, slow network", { part_s: 1 / 3, target_s: 1.02, join_s: 2.4, delay_s: jitter(0.05, 0.15) }],
    ["standard, joined far behind", { part_s: 1 / 3, target_s: 1.02, join_s: 8, delay_s: jitter(0.01, 0.02) }],
    ["ultra, joined late", { part_s: 0.2, target_s: 0.43, join_s: 0.9, delay_s: jitter(0.01, 0.03) }],
    ["ultra, joined too early", { part_s: 0.2, target_s: 0.43, join_s: 0.25, delay_s: jitter(0.01, 0.03) }],
  ])("%s: settles at the target and never stalls", (_case, play) => {
    const { latencies, stalls } = simulate(play);
    expect(stalls).toBe(0);
    for (const latency_s of latencies) expect(Math.abs(latency_s - play.target_s)).toBeLessThan(0.05);
  });

  it("parts that come in bursts for twenty seconds are waited for, and not jumped over again and again", () => {
    const held = (now_s: number) => (now_s > 170 && now_s < 190 ? Math.max(0, 1.2 - (now_s % 2)) : 0);
    const play = { part_s: 0.2, target_s: 0.43, join_s: 0.5, delay_s: (part: number) => held(part * 0.2) + 0.03 };
    const { latencies, stalls, jumps } = simulate(play);
    expect(stalls).toBeLessThan(10); // one a burst, until the target is where the bursts are
    expect(jumps).toBeLessThan(3);
    expect(latencies.at(-1)).toBeLessThan(1.5);
  });

  it("a target out of reach is raised until stalls are rare", () => {
    const { latencies, stalls } = simulate({ part_s: 0.2, target_s: 0.1, join_s: 0.6, delay_s: () => 0.02 });
    expect(stalls).toBeLessThan(5);
    expect(Math.max(...latencies)).toBeLessThan(0.6);
  });
});
