/**
 * Pure: where the time of one picture went, from the instants at which it passed each stage.
 *
 * A stage is the time between two instants that are both known; one whose beginning or end nobody saw is `known: false`
 * and 0 ms, and its time is part of the remainder. So the stages and the remainder always add up to the total, which is
 * what was measured from the first instant to the last. Clocks agree to some error only: a short stage between two
 * machines may come out a little below zero, and is left so, for the sum's sake.
 */

export type Path = "webrtc" | "hls";

/** In the order in which a picture meets them. */
export const STAGES = [
  "capture", // drawn or exposed, until the publisher's browser stamps it
  "encode", // until its first packet is sent
  "network", // until its last packet is with the node
  "receive buffer", // until the packets before it are there too, and it is passed on
  "decode", // by the transcoder, or by the viewer
  "grid and encode", // slot of the frame grid, scaling, encoder of the rung
  "part wait", // until the part it belongs to is whole
  "origin", // until that part is in the playlist
  "transfer", // until it is with the viewer
  "player buffer", // until its turn comes
  "render", // until it is on the screen
] as const;

export type StageName = (typeof STAGES)[number];

export interface Stage {
  readonly name: StageName;
  readonly ms: number;
  /** Both of its ends were seen. */
  readonly known: boolean;
}

export interface Waterfall {
  readonly path: Path;
  /** Those that the path has, in order. */
  readonly stages: readonly Stage[];
  readonly total_ms: number;
  /** Of the total, what no stage accounts for. */
  readonly remainder_ms: number;
}

/** What is known of one picture; Unix ms of the node's clock, null for what was not seen. */
export interface Journey {
  /** By the time code in the picture. */
  readonly drawn_ms: number | null;
  /** By the publisher's capture clock. */
  readonly capture_ms: number | null;
  /** One way from the publisher to the node, if known: half of a round trip. A duration. */
  readonly uplink_ms: number | null;
  readonly first_packet_ms: number | null;
  readonly last_packet_ms: number | null;
  /** Sent to WebRTC viewers and handed to the transcoder. */
  readonly forwarded_ms: number | null;
  readonly decoded_ms: number | null;
  /** Coded in the rendition that was shown; its part whole; that part in the playlist. HLS only, like `decoded_ms`. */
  readonly coded_ms: number | null;
  readonly closed_ms: number | null;
  readonly listed_ms: number | null;
  /** With the viewer: the last packet, or the part. */
  readonly received_ms: number | null;
  /** How long the viewer's decoder had it. A duration; over HLS it happens while the picture waits in the buffer. */
  readonly decode_ms: number | null;
  /** Given to the compositor. */
  readonly presented_ms: number | null;
  /** On the screen, as far as the browser can tell. */
  readonly displayed_ms: number | null;
}

/** Null when its first or last instant is not known: there is no total to account for. */
export function waterfall(path: Path, journey: Journey): Waterfall | null {
  const began_ms = journey.drawn_ms ?? journey.capture_ms;
  if (began_ms === null || journey.displayed_ms === null) return null;
  const stages = [...published(journey), ...(path === "webrtc" ? forwarded(journey) : packaged(journey))];
  const total_ms = journey.displayed_ms - began_ms;
  return { path, stages, total_ms, remainder_ms: total_ms - sum(stages) };
}

function published(journey: Journey): Stage[] {
  const { capture_ms, first_packet_ms, last_packet_ms, uplink_ms } = journey;
  const sent_ms = first_packet_ms === null ? null : first_packet_ms - (uplink_ms ?? 0);
  return [
    stage("capture", journey.drawn_ms, capture_ms),
    stage("encode", capture_ms, sent_ms),
    stage("network", sent_ms, last_packet_ms),
    stage("receive buffer", last_packet_ms, journey.forwarded_ms),
  ];
}

function forwarded({ forwarded_ms, received_ms, decode_ms, presented_ms, displayed_ms }: Journey): Stage[] {
  const buffered_ms = presented_ms === null ? null : presented_ms - (decode_ms ?? 0);
  return [
    stage("transfer", forwarded_ms, received_ms),
    stage("player buffer", received_ms, buffered_ms),
    decode_ms === null ? unknown("decode") : stage("decode", buffered_ms, presented_ms),
    stage("render", presented_ms, displayed_ms),
  ];
}

function packaged(journey: Journey): Stage[] {
  const { decoded_ms, coded_ms, closed_ms, listed_ms, received_ms, presented_ms } = journey;
  return [
    stage("decode", journey.forwarded_ms, decoded_ms),
    stage("grid and encode", decoded_ms, coded_ms),
    stage("part wait", coded_ms, closed_ms),
    stage("origin", closed_ms, listed_ms),
    stage("transfer", listed_ms, received_ms),
    stage("player buffer", received_ms, presented_ms),
    stage("render", presented_ms, journey.displayed_ms),
  ];
}

function stage(name: StageName, from_ms: number | null, to_ms: number | null): Stage {
  return from_ms === null || to_ms === null ? unknown(name) : { name, ms: to_ms - from_ms, known: true };
}

function unknown(name: StageName): Stage {
  return { name, ms: 0, known: false };
}

function sum(stages: readonly Stage[]): number {
  return stages.reduce((total, { ms }) => total + ms, 0);
}

/** Mean of several of one path, which adds up as each of them does; a stage is known if it was in most. Null of none. */
export function average(waterfalls: readonly Waterfall[]): Waterfall | null {
  const [first] = waterfalls;
  if (first === undefined) return null;
  const mean = (value: (each: Waterfall) => number) =>
    waterfalls.reduce((total, each) => total + value(each), 0) / waterfalls.length;
  const stages = first.stages.map(({ name }, index) => ({
    name,
    ms: mean((each) => each.stages[index]?.ms ?? 0),
    known: mean((each) => Number(each.stages[index]?.known ?? false)) > 0.5,
  }));
  const total_ms = mean((each) => each.total_ms);
  return { path: first.path, stages, total_ms, remainder_ms: total_ms - sum(stages) };
}
