import { describe, expect, it } from "vitest";
import { LoadLog, renditionOf } from "../src/latency/loads.ts";

const part = (rendition: string, loadedMs: number) => ({ rendition, loadedMs });

describe("LoadLog", () => {
  it("finds the piece that holds a date, to the millisecond that dates are rounded to", () => {
    const log = new LoadLog();
    log.add(1000, 0.2, part("720p", 1300));
    log.add(1200, 0.2, part("720p", 1500));
    expect(log.find(1100)?.loadedMs).toBe(1300);
    expect(log.find(1200.4)?.loadedMs).toBe(1500);
    expect(log.find(1399)?.loadedMs).toBe(1500);
    expect(log.find(998.5)).toBeNull();
    expect(log.find(1402)).toBeNull();
  });

  it("prefers what was loaded last: another rendition of the same time", () => {
    const log = new LoadLog();
    log.add(1000, 2, part("720p", 3100));
    log.add(1000, 2, part("360p", 3300));
    expect(log.find(2000)?.rendition).toBe("360p");
  });

  it("forgets the oldest, and everything when told to", () => {
    const log = new LoadLog();
    for (let index = 0; index <= 200; index++) log.add(index * 200, 0.2, part("720p", index));
    expect(log.find(100)).toBeNull();
    expect(log.find(40_100)?.loadedMs).toBe(200);
    log.clear();
    expect(log.find(40_100)).toBeNull();
  });
});

describe("the rendition of a URL", () => {
  it("is the folder of its file", () => {
    expect(renditionOf("https://cdn.example/base/live/film/s1/720p/p21.m4s?x=/")).toBe("720p");
    expect(renditionOf("/live/film/s1/audio/s3.m4s")).toBe("audio");
    expect(renditionOf("p21.m4s")).toBe("");
  });
});
