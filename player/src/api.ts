/** Edge: what the node tells the pages about itself. */

import type { Timeline } from "./latency/timeline.ts";

export interface TrackInfo {
  readonly kind: "video" | "audio";
  readonly codec: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly frame_rate: number | null;
  readonly bitrate_bps: number;
}

export interface RenditionInfo {
  readonly name: string;
  readonly kind: "video" | "audio";
  readonly width: number | null;
  readonly height: number | null;
  readonly bandwidth_bps: number;
}

export interface StreamInfo {
  readonly name: string;
  readonly session: string;
  readonly state: "starting" | "live" | "interrupted";
  readonly started_ms: number;
  readonly viewers: number;
  readonly tracks: readonly TrackInfo[];
  readonly renditions: readonly RenditionInfo[];
  /** Path of the multivariant playlist; null until it can be played. */
  readonly hls: string | null;
  /** Path of the WHEP endpoint; null for what an encoder pushes as CMAF. */
  readonly whep: string | null;
}

export interface NodeConfig {
  readonly profile: string;
  readonly part_target_s: number;
  readonly part_hold_back_s: number;
  readonly target_duration_s: number;
  readonly ice_servers: RTCIceServer[];
  readonly version: string;
}

export interface RecordingInfo {
  readonly stream: string;
  readonly session: string;
  readonly state: "waiting" | "working" | "ready" | "failed" | "removing";
  /** Why the last attempt to make it failed. */
  readonly why: string | null;
  readonly started_ms: number | null;
  readonly duration_ms: number | null;
  readonly size_bytes: number | null;
  /** Paths; null until the file can be fetched. */
  readonly hls: string | null;
  readonly mp4: string | null;
  readonly poster: string | null;
  readonly thumbnails: string | null;
}

export interface RecordingsPage {
  /** Why this node keeps none; null if it does. */
  readonly why: string | null;
  readonly recordings: readonly RecordingInfo[];
  /** Leads to the next page; null on the last one. */
  readonly next: string | null;
}

/** What a node that does not answer most probably has. */
export const STANDARD: NodeConfig = {
  profile: "standard",
  part_target_s: 0.342,
  part_hold_back_s: 1.024,
  target_duration_s: 2,
  ice_servers: [],
  version: "",
};

const TIMEOUT_MS = 5000;

async function fetchJson<T>(path: string): Promise<T> {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
  return (await response.json()) as T;
}

/** Everything that is live. */
export async function fetchStreams(): Promise<readonly StreamInfo[]> {
  return (await fetchJson<{ streams: readonly StreamInfo[] }>("/api/streams")).streams;
}

/** Recordings, the newest first. */
export async function fetchRecordings(after: string | null): Promise<RecordingsPage> {
  const query = after === null ? "" : `?after=${encodeURIComponent(after)}`;
  return fetchJson<RecordingsPage>(`/api/recordings${query}`);
}

export async function fetchConfig(): Promise<NodeConfig> {
  return fetchJson<NodeConfig>("/api/config");
}

/** When the pictures of a stream that were captured after an instant (Unix ms) passed the stages of the node. */
export async function fetchTimeline(stream: string, after_ms: number): Promise<Timeline> {
  return fetchJson<Timeline>(`/api/streams/${stream}/timeline?after_ms=${after_ms.toFixed(0)}`);
}

/** Unix time of the node, in ms. */
export async function fetchNodeTime(): Promise<number> {
  return (await fetchJson<{ now_ms: number }>("/api/time")).now_ms;
}
