import { describe, expect, it } from "vitest";
import { decide, isNearlyEmpty, LatencyTarget } from "../src/latency/controller.ts";
import { RungRule } from "../src/playback/rung-rule.ts";

const SOUND_BPS = 128_000;
const LADDER_BPS = [600_000, 1_200_000, 2_800_000].map((picture_bps) => picture_bps + SOUND_BPS); // 360p, 480p, 720p
const PART_S = 1 / 3;
const BETWEEN = { part_s: PART_S, forward_s: 0.6, partsLoaded: 0, partsInSegment: 6 };

/** A part of a rung that came at a rate. */
function part(rung: number, link_bps: number, wait_s = 0.02) {
  const bits = (LADDER_BPS[rung] ?? 0) * PART_S;
  return { bits, wait_s, transfer_s: bits / link_bps };
}

/** A rule that has seen a link for a while. */
function after(rung: number, link_bps: number, parts = 30): RungRule {
  const rule = new RungRule(LADDER_BPS);
  for (let count = 0; count < parts; count++) rule.loaded(part(rung, link_bps));
  return rule;
}

describe("RungRule", () => {
  it("stays where it is before anything was loaded", () => {
    const rule = new RungRule(LADDER_BPS);
    expect(rule.throughput_bps).toBeNull();
    expect(rule.choose({ ...BETWEEN, rung: 1 }, 0)).toBe(1);
  });

  it("knows what the link carries", () => {
    expect(after(2, 5e6).throughput_bps).toBeCloseTo(5e6, -3);
  });

  it("takes a part that came at one blow for a good one, not for an endless one", () => {
    const rule = new RungRule(LADDER_BPS);
    rule.loaded({ bits: 1000, wait_s: 0.01, transfer_s: 0 });
    expect(rule.throughput_bps).toBeCloseTo(1e7, -3);
  });

  it("does not go lower for one bad part that cost no buffer", () => {
    const rule = after(2, 20e6);
    rule.loaded(part(2, 2e6));
    expect(rule.choose({ ...BETWEEN, rung: 2, forward_s: 0.8 }, 0)).toBe(2);
    expect(rule.choose({ ...BETWEEN, rung: 2, forward_s: 0.4 }, 0)).toBe(1);
  });

  it("does not go lower for a wait that every request has", () => {
    const rule = new RungRule(LADDER_BPS);
    for (let count = 0; count < 40; count++) rule.loaded(part(2, 20e6, 0.3));
    expect(rule.choose({ ...BETWEEN, rung: 2 }, 0)).toBe(2);
  });

  it("goes down by the first part after the link has halved, as far as is needed at once", () => {
    const rule = after(2, 5e6);
    expect(rule.choose({ ...BETWEEN, rung: 2 }, 0)).toBe(2);
    rule.loaded(part(2, 2.4e6));
    expect(rule.choose({ ...BETWEEN, rung: 2 }, 0)).toBe(1);
    for (let count = 0; count < 4; count++) rule.loaded(part(2, 0.8e6));
    expect(rule.choose({ ...BETWEEN, rung: 2 }, 0)).toBe(0);
    expect(rule.choose({ ...BETWEEN, rung: 0 }, 0)).toBe(0); // there is nothing below
  });

  it("loads the rest of a segment where loading its beginning again would take longer", () => {
    const rule = after(2, 2.2e6);
    expect(rule.choose({ ...BETWEEN, rung: 2, forward_s: 0.7, partsLoaded: 1 }, 0)).toBe(1);
    expect(rule.choose({ ...BETWEEN, rung: 2, forward_s: 0.7, partsLoaded: 4 }, 0)).toBe(2);
  });

  it("goes further down within a segment when the buffer does not last for more", () => {
    const rule = after(2, 2.2e6);
    expect(rule.choose({ ...BETWEEN, rung: 2, forward_s: 0.5, partsLoaded: 1 }, 0)).toBe(0);
  });

  it("goes up one rung, between segments, after the next would have fitted for eight seconds", () => {
    const rule = after(0, 20e6);
    expect(rule.choose({ ...BETWEEN, rung: 0 }, 0)).toBe(0);
    expect(rule.choose({ ...BETWEEN, rung: 0 }, 7.9)).toBe(0);
    expect(rule.choose({ ...BETWEEN, rung: 0, partsLoaded: 3 }, 8)).toBe(0);
    expect(rule.choose({ ...BETWEEN, rung: 0 }, 8.3)).toBe(1);
    expect(rule.choose({ ...BETWEEN, rung: 1 }, 8.6)).toBe(1);
    expect(rule.choose({ ...BETWEEN, rung: 1 }, 16.6)).toBe(2);
    expect(rule.choose({ ...BETWEEN, rung: 2 }, 60)).toBe(2); // there is nothing above
  });

  it("waits twice as long after going up has proved wrong, and forgets it in time", () => {
    const rule = after(1, 20e6);
    const ups: number[] = [];
    let rung = 1;
    for (let now_s = 0; now_s < 120; now_s += 0.5) {
      const chosen = rule.choose({ ...BETWEEN, rung }, now_s);
      if (chosen > rung) ups.push(now_s);
      for (let count = 0; count < 30; count++) rule.loaded(part(chosen, chosen === 2 && now_s < 90 ? 2.4e6 : 20e6));
      rung = chosen;
    }
    expect(ups).toEqual([8, 25, 58]); // 8, 16 and 32 s
  });
});

interface Watched {
  readonly stalls: number;
  readonly switches: number;
  /** Rung by rung, seconds that were played of it. */
  readonly played_s: readonly number[];
}

/**
 * A player on a live stream over a link: parts one after the other, changed rungs from the beginning of the segment, as
 * hls.js loads them; steered by the controller. `link_bps` of a time in s.
 */
function watch(link_bps: (now_s: number) => number, { length_s = 120, start = 2, wait_s = 0.03 } = {}): Watched {
  const step_s = 0.005;
  const rule = new RungRule(LADDER_BPS);
  const target = new LatencyTarget(1.02, PART_S);
  const played_s = LADDER_BPS.map(() => 0);
  let [rung, next, edge, playhead_s, rate] = [start, 0, 0, -0.7, 1]; // next part to load; parts whole in the buffer
  let [asked_s, left_bits, bits, first_s] = [null as number | null, 0, 0, 0];
  let [stalls, switches, starved] = [0, 0, true];
  const segment = (index: number) => Math.floor(index / BETWEEN.partsInSegment) * BETWEEN.partsInSegment;
  for (let now_s = 0; now_s < length_s; now_s += step_s) {
    if (asked_s === null && (next + 1) * PART_S <= now_s) {
      [asked_s, bits] = [now_s, (LADDER_BPS[rung] ?? 0) * PART_S];
      [left_bits, first_s] = [bits, now_s + wait_s];
    }
    if (asked_s !== null && now_s >= first_s) left_bits -= link_bps(now_s) * step_s;
    if (asked_s !== null && left_bits <= 0) {
      rule.loaded({ bits, wait_s, transfer_s: Math.max(step_s, now_s - first_s) });
      if (next === edge) target.arrived(now_s, now_s - (next + 1) * PART_S);
      asked_s = null;
      next++;
      edge = Math.max(edge, next);
      const chosen = rule.choose(
        { ...BETWEEN, rung, forward_s: edge * PART_S - playhead_s, partsLoaded: next - segment(next) },
        now_s,
      );
      if (chosen !== rung) [rung, next, switches] = [chosen, segment(next), switches + 1];
    }
    const forward_s = edge * PART_S - playhead_s;
    if (Math.round(now_s / step_s) % 20 === 0) {
      if (isNearlyEmpty(forward_s, PART_S)) target.nearlyEmpty(now_s);
      const [latency_s, target_s] = [now_s - playhead_s, target.at(now_s)];
      const decision = decide({ latency_s, forward_s, target_s, part_s: PART_S });
      if (decision.kind === "rate") rate = decision.rate;
      else playhead_s += decision.ahead_s;
    }
    const starves = forward_s < (starved ? PART_S / 2 : rate * step_s); // a player goes on with something in hand
    if (starves && !starved) {
      target.stalled(now_s);
      stalls++;
    }
    starved = starves;
    if (starves) continue;
    playhead_s += rate * step_s;
    played_s[rung] = (played_s[rung] ?? 0) + step_s;
  }
  return { stalls, switches, played_s };
}

describe("on a simulated link", () => {
  it.each([3.6e6, 4e6, 5e6, 6e6, 8e6])(
    "of %d bit/s that halves, whenever in a segment: no stall, no swinging",
    (bps) => {
      for (let moment_s = 40; moment_s < 42; moment_s += 0.1) {
        const { stalls, switches } = watch((now_s) => (now_s < moment_s ? bps : bps / 2));
        expect(stalls, `halved at ${moment_s.toFixed(1)} s`).toBe(0);
        expect(switches).toBeLessThanOrEqual(3);
      }
    },
  );

  it("comes back up when the link does", () => {
    const watched = watch((now_s) => (now_s > 30 && now_s < 60 ? 1.8e6 : 8e6));
    expect(watched.stalls).toBe(0);
    expect(watched.switches).toBeLessThanOrEqual(4); // down, and rung by rung up
    expect(watched.played_s[2]).toBeGreaterThan(65);
  });

  it("does not go up and down on one that swings round a rung", () => {
    const watched = watch((now_s) => 3.4e6 + 1.4e6 * Math.sin(now_s / 2), { length_s: 300 });
    expect(watched.switches).toBeLessThanOrEqual(6);
    expect(watched.stalls).toBeLessThanOrEqual(1);
  });
});
