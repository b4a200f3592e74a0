import { describe, expect, it } from "vitest";
import { Pacer } from "../src/pattern/pacing.ts";
import { texture } from "../src/pattern/texture.ts";

describe("Pacer", () => {
  it("does not drift, however late each turn is", () => {
    const pacer = new Pacer(0, 30);
    let now = 0;
    for (let frame = 1; frame <= 300; frame++) {
      now += pacer.next(now);
      expect(now).toBeCloseTo((frame * 1000) / 30, 6);
      now += frame % 7; // the timer is late, drawing takes its time
    }
  });

  it("catches up a little, and leaves out what is too late", () => {
    const pacer = new Pacer(0, 50);
    expect(pacer.next(50)).toBe(0);
    expect(pacer.next(50)).toBe(0);
    expect(pacer.next(50)).toBe(10);
    expect(pacer.next(1005)).toBe(15);
  });
});

describe("texture", () => {
  const size = 64;
  const tile = texture(size);
  const green = (x: number, y: number) => tile[((y % size) * size + (x % size)) * 4 + 1] ?? 0;

  it("is opaque, and the same each time", () => {
    expect(tile).toEqual(texture(size));
    expect(tile.filter((_, index) => index % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
  });

  it("fits to itself on all sides", () => {
    for (let place = 0; place < size; place++) {
      expect(Math.abs(green(size - 1, place) - green(size, place))).toBeLessThan(60);
      expect(Math.abs(green(place, size - 1) - green(place, size))).toBeLessThan(60);
    }
  });

  it("gives an encoder something to do", () => {
    const greens = tile.filter((_, index) => index % 4 === 1);
    expect(Math.max(...greens) - Math.min(...greens)).toBeGreaterThan(50);
  });
});
