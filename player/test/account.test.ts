import { describe, expect, it } from "vitest";
import { Account } from "../src/latency/account.ts";
import type { Shown, Timeline } from "../src/latency/timeline.ts";

const TIMELINE: Timeline = {
  ...{ stream: "film", session: "s", now_ms: 2000, publisher_round_trip_ms: 4, parts: {} },
  pictures: [
    {
      ...{ capture_ms: 1000, key: true, size_bytes: 9, first_packet_ms: 1010, last_packet_ms: 1012 },
      ...{ released_ms: 1012, forwarded_ms: 1013, received_ms: null, decoded_ms: null, placed_ms: null },
      ...{ grid_ms: null, coded_ms: {} },
    },
  ],
};
const PICTURE: Shown = {
  ...{ drawn_ms: 999, capture_ms: null, received_ms: 1023, decode_ms: 2, presented_ms: 1030, displayed_ms: 1040 },
  rendition: null,
};

describe("an account of a player's pictures", () => {
  it("is complete when the node has told its half", () => {
    const account = new Account("webrtc");
    expect(account.waterfall).toBeNull();
    account.shown(PICTURE);
    expect(account.waiting).toBe(1);
    account.complete(TIMELINE, 1500, 20);
    expect(account.waiting).toBe(0);
    expect(account.waterfall).toMatchObject({ path: "webrtc", total_ms: 41, remainder_ms: 0 });
    expect(account.waterfall?.stages.find(({ name }) => name === "network")?.ms).toBe(4);
    account.reset();
    expect(account.waterfall).toBeNull();
  });

  it("waits with pictures that were shown after the node was asked", () => {
    const account = new Account("webrtc");
    account.shown(PICTURE);
    account.complete(TIMELINE, 1040, null);
    expect(account.waiting).toBe(1);
    expect(account.waterfall).toBeNull();
  });

  it("leaves out pictures of which nothing is known, and is bounded", () => {
    const account = new Account("hls");
    for (let index = 0; index < 100; index++) account.shown({ ...PICTURE, drawn_ms: null });
    expect(account.waiting).toBe(60);
    account.complete({ ...TIMELINE, pictures: [] }, 1500, null);
    expect(account.waterfall).toBeNull();
  });
});
