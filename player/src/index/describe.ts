/** Pure: tracks and renditions of a stream in one line each. */

import type { RenditionInfo, TrackInfo } from "../api.ts";
import { formatBitrate, formatFrameRate, formatSize } from "../format.ts";

const CODECS: Readonly<Record<string, string>> = { H264: "H.264", OPUS: "Opus" };

/** Such as `H.264 1280 × 720, 30 fps, 2.50 Mbit/s; Opus 48 kbit/s`. */
export function describeTracks(tracks: readonly TrackInfo[]): string {
  const pictureFirst = [...tracks].sort((one, other) => other.kind.localeCompare(one.kind));
  return pictureFirst.map(describeTrack).join("; ") || "nothing yet";
}

function describeTrack({ codec, width, height, frame_rate, bitrate_bps }: TrackInfo): string {
  const facts = [CODECS[codec] ?? codec];
  if (width && height) facts[0] += ` ${formatSize(width, height)}`;
  if (frame_rate !== null) facts.push(formatFrameRate(frame_rate));
  if (bitrate_bps > 0) facts.push(formatBitrate(bitrate_bps));
  return facts.join(", ");
}

/** Such as `720p, 480p, 360p`; largest first. */
export function describeRenditions(renditions: readonly RenditionInfo[]): string {
  const video = renditions.filter(({ kind }) => kind === "video");
  video.sort((one, other) => (other.height ?? 0) - (one.height ?? 0) || other.bandwidth_bps - one.bandwidth_bps);
  const names = video.length > 0 ? video : renditions;
  return names.map((rendition) => rendition.name).join(", ") || "not ready yet";
}
