import { describe, expect, it } from "vitest";
import { formatBytes } from "../src/format.ts";
import { parseTiles, tileAt } from "../src/recordings/tiles.ts";

const TEXT = `WEBVTT

00:00:00.000 --> 00:00:02.000
thumbnails-0.jpg#xywh=0,0,160,90

00:00:02.000 --> 01:00:04.500
thumbnails-1.jpg#xywh=160,90,160,90

NOTE something else
`;

describe("tiles", () => {
  const tiles = parseTiles(TEXT);

  it("are read with their times and places", () => {
    expect(tiles).toEqual([
      { start_s: 0, end_s: 2, sheet: "thumbnails-0.jpg", x: 0, y: 0, width: 160, height: 90 },
      { start_s: 2, end_s: 3604.5, sheet: "thumbnails-1.jpg", x: 160, y: 90, width: 160, height: 90 },
    ]);
  });

  it.each([
    [0, 0],
    [1.99, 0],
    [2, 1],
    [99_999, 1],
  ])("at %d s tile %d is shown", (time_s, index) => {
    expect(tileAt(tiles, time_s)).toBe(tiles[index]);
  });

  it("are none in another text", () => {
    expect(parseTiles("<html>")).toEqual([]);
    expect(parseTiles("00:00:00.000 --> 00:00:02.000\nhttps://elsewhere/x.jpg#xywh=0,0,1,1")).toEqual([]);
    expect(tileAt([], 1)).toBeUndefined();
  });
});

describe("sizes of files", () => {
  it.each([
    [0, "0 kB"],
    [999_499, "999 kB"],
    [1_500_000, "1.5 MB"],
    [12_600_000_000, "12.6 GB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
