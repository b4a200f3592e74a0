import { describe, expect, it } from "vitest";
import {
  ageMs,
  CELLS,
  cellBox,
  decodeCells,
  encodeCells,
  PERIOD_MS,
  readCells,
  readLumaCells,
  SAMPLE,
  stripBox,
  stripRows,
} from "../src/latency/timecode.ts";

const NOW = 1_764_000_000_123;
const lumas = (cells: boolean[], dark = 16, bright = 235) => cells.map((white) => (white ? bright : dark));

/** The strip of a picture as the reader's small canvas would hold it: four pixels a cell, blurred at the edges. */
function sampled(cells: boolean[]): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(SAMPLE.width * SAMPLE.height * 4);
  for (let pixel = 0; pixel < SAMPLE.width * SAMPLE.height; pixel++) {
    const column = pixel % SAMPLE.width;
    const edge = column % 4 === 0 || column % 4 === 3;
    rgba.fill(edge ? 128 : cells[Math.floor(column / 4)] ? 230 : 20, pixel * 4, pixel * 4 + 3);
  }
  return rgba;
}

describe("encoding", () => {
  it.each([0, 1, 255, 256, PERIOD_MS - 1, NOW])("%d ms comes back modulo the period", (ms) => {
    expect(decodeCells(lumas(encodeCells(ms)))).toBe(ms % PERIOD_MS);
  });

  it("is 24 bits of milliseconds, most significant first, and the check byte", () => {
    const bits = encodeCells(0x123456).map(Number).join("");
    const check = 0x12 ^ 0x34 ^ 0x56 ^ 0xa5;
    expect(bits).toBe((0x123456).toString(2).padStart(24, "0") + check.toString(2).padStart(8, "0"));
  });

  it("ignores fractions of a millisecond", () => {
    expect(encodeCells(NOW + 0.9)).toEqual(encodeCells(NOW));
  });
});

describe("decoding", () => {
  it("refuses a strip in which any one cell is wrong", () => {
    for (let cell = 0; cell < CELLS; cell++) {
      const cells = encodeCells(NOW);
      cells[cell] = !cells[cell];
      expect(decodeCells(lumas(cells))).toBeNull();
    }
  });

  it.each([0, 16, 128, 235, 255])("refuses a strip that is all of luma %d", (luma) => {
    expect(decodeCells(Array<number>(CELLS).fill(luma))).toBeNull();
  });

  it("refuses greys and wrong counts of cells", () => {
    expect(decodeCells(lumas(encodeCells(NOW), 110, 140))).toBeNull();
    expect(decodeCells(lumas(encodeCells(NOW)).slice(1))).toBeNull();
  });

  it("reads the inner pixels of each cell", () => {
    expect(decodeCells(readCells(sampled(encodeCells(NOW))))).toBe(NOW % PERIOD_MS);
  });

  it("reads missing pixels as black", () => {
    expect(readCells([])).toEqual(Array(CELLS).fill(0));
  });
});

describe("places", () => {
  it.each([
    [1280, 720],
    [854, 480],
    [320, 180],
  ])("the cells of %d x %d follow each other without gap and fill the width", (width, height) => {
    let x = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      const box = cellBox(cell, width, height);
      expect(box).toMatchObject({ x, y: 0, height: Math.round(height / 12) });
      x += box.width;
    }
    expect(x).toBe(width);
  });

  it("the sampled rows are the middle half of the strip", () => {
    expect(stripBox(1280, 720)).toEqual({ x: 0, y: 15, width: 1280, height: 30 });
  });

  it.each([
    [1280, 720],
    [640, 360],
    [426, 240],
    [256, 144],
  ])("is read from whole rows of the luma plane of %d x %d", (width, height) => {
    const cells = encodeCells(NOW);
    const box = stripRows(width, height);
    const stride = width + 16;
    const luma = new Uint8Array(stride * box.height).fill(128);
    cells.forEach((white, cell) => {
      const { x, width: across } = cellBox(cell, width, height);
      for (let row = 0; row < box.height; row++) {
        luma.fill(white ? 235 : 16, row * stride + x, row * stride + x + across);
      }
    });
    expect(decodeCells(readLumaCells(luma, stride, box))).toBe(NOW % PERIOD_MS);
  });

  it("is read from rows inside the strip that begin on even pixels", () => {
    expect(stripRows(1280, 720)).toEqual({ x: 0, y: 28, width: 1280, height: 4 });
    expect(stripRows(257, 145)).toEqual({ x: 0, y: 4, width: 256, height: 4 });
    expect(stripRows(64, 36)).toEqual({ x: 0, y: 0, width: 64, height: 4 });
  });

  it("is nothing where there are no pixels", () => {
    expect(decodeCells(readLumaCells([], 0, stripRows(64, 36)))).toBeNull();
  });
});

describe("age", () => {
  it("is the time since the code was drawn", () => {
    expect(ageMs(NOW % PERIOD_MS, NOW + 70.5)).toBeCloseTo(70.5, 6);
  });

  it("is negative when the clocks disagree that way", () => {
    expect(ageMs(NOW % PERIOD_MS, NOW - 3)).toBeCloseTo(-3, 6);
  });

  it("survives the wrap of the period", () => {
    const wrap = PERIOD_MS * 100_000;
    expect(ageMs((wrap - 40) % PERIOD_MS, wrap + 20)).toBeCloseTo(60, 6);
    expect(ageMs(5, wrap - 5)).toBeCloseTo(-10, 6);
  });
});
