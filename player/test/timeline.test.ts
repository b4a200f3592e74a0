import { describe, expect, it } from "vitest";
import { journeyOf, type Shown, type Timeline, type TimelinePicture } from "../src/latency/timeline.ts";

function picture(capture_ms: number): TimelinePicture {
  return {
    ...{ capture_ms, key: false, size_bytes: 900, first_packet_ms: capture_ms + 4, last_packet_ms: capture_ms + 5 },
    ...{ released_ms: capture_ms + 6, forwarded_ms: capture_ms + 7, received_ms: capture_ms + 8 },
    ...{ decoded_ms: capture_ms + 9, placed_ms: capture_ms + 10, grid_ms: capture_ms + 2 },
    coded_ms: { "720p": capture_ms + 20 },
  };
}

const TIMELINE: Timeline = {
  ...{ stream: "film", session: "s", now_ms: 2000, publisher_round_trip_ms: null },
  pictures: [1000, 1033, 1067, 1100, 1133].map(picture),
  parts: {
    "720p": [
      { number: 4, start_ms: 1002, duration_ms: 67, closed_ms: 1080, pushed_ms: 1081, listed_ms: 1083 },
      { number: 5, start_ms: 1069, duration_ms: null, closed_ms: 1150, pushed_ms: 1151, listed_ms: null },
    ],
  },
};
const SHOWN: Shown = {
  ...{ drawn_ms: 1031, capture_ms: 1035, received_ms: 1300, decode_ms: null, presented_ms: 1500, displayed_ms: 1510 },
  rendition: "720p",
};

describe("a picture over HLS", () => {
  it("is found by the date of its slot", () => {
    const journey = journeyOf(SHOWN, TIMELINE);
    expect(journey).toMatchObject({ drawn_ms: 1031, capture_ms: 1033, uplink_ms: null, first_packet_ms: 1037 });
    expect(journey).toMatchObject({ last_packet_ms: 1038, forwarded_ms: 1040, decoded_ms: 1042, coded_ms: 1053 });
    expect(journey).toMatchObject({ closed_ms: 1080, listed_ms: 1083, received_ms: 1300, displayed_ms: 1510 });
  });

  it("may lie in the part that is not listed yet, as far as the node has told", () => {
    expect(journeyOf({ ...SHOWN, capture_ms: 1102 }, TIMELINE)).toMatchObject({ closed_ms: 1150, listed_ms: null });
  });

  it("is not known to the node if it is too old, of another rendition, or without a date", () => {
    const old = journeyOf({ ...SHOWN, capture_ms: 500 }, TIMELINE);
    expect(old).toMatchObject({ capture_ms: 500, forwarded_ms: null, closed_ms: null, coded_ms: null });
    expect(journeyOf({ ...SHOWN, rendition: "1080p" }, TIMELINE)).toMatchObject({ coded_ms: null, closed_ms: null });
    const dateless = journeyOf({ ...SHOWN, capture_ms: null }, TIMELINE);
    expect(dateless).toMatchObject({ capture_ms: null, forwarded_ms: null, closed_ms: null });
  });

  it("may have been repeated by the transcoder: a slot without a picture of its own", () => {
    const idle: Timeline = { ...TIMELINE, pictures: [{ ...picture(1033), grid_ms: null }] };
    expect(journeyOf(SHOWN, idle)).toMatchObject({ forwarded_ms: null, closed_ms: 1080 });
  });
});

describe("a picture over WebRTC", () => {
  const live: Shown = { ...SHOWN, capture_ms: null, received_ms: 1041, decode_ms: 3, rendition: null };

  it("is found by when it was received", () => {
    expect(journeyOf(live, TIMELINE)).toMatchObject({ capture_ms: 1033, forwarded_ms: 1040, decode_ms: 3 });
    expect(journeyOf(live, TIMELINE)).toMatchObject({ coded_ms: null, closed_ms: null, listed_ms: null });
  });

  it("took half of the round trip to be received", () => {
    const trips = { publisher_ms: 20, viewer_ms: 60 };
    expect(journeyOf({ ...live, received_ms: 1071 }, TIMELINE, trips)).toMatchObject({
      ...{ forwarded_ms: 1040, uplink_ms: 10 },
    });
  });

  it("is found by when it was captured or drawn where the browser does not tell when it was received", () => {
    expect(journeyOf({ ...live, received_ms: null }, TIMELINE).forwarded_ms).toBe(1040);
    expect(journeyOf({ ...live, received_ms: null, capture_ms: 1066 }, TIMELINE).forwarded_ms).toBe(1074);
    expect(journeyOf({ ...live, received_ms: null, drawn_ms: null }, TIMELINE).forwarded_ms).toBeNull();
  });
});
