/** Edge: the rewind window of what an element plays over HLS, by capture instants; through hls.js or the browser's own. */

import type { default as Hls, LevelDetails } from "hls.js";
import { type DatedSegment, type DateWindow, dateAt, positionAt, windowOf } from "./media-dates.ts";

interface NativeVideo extends HTMLVideoElement {
  /** Safari: the date of media time 0. */
  getStartDate?: () => Date;
}

export class HlsTimeline {
  readonly #video: NativeVideo;
  #hls: Hls | null = null;
  #details: LevelDetails | null = null; // of which the segments are
  #listed: readonly DatedSegment[] = [];

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** What plays from now on; null for the browser's own HLS, or nothing. */
  attach(hls: Hls | null): void {
    this.#hls = hls;
  }

  /** Unix time of the node in ms of a place in the media; null while the playlist is not known. */
  dateAt(position_s: number): number | null {
    return dateAt(this.#segments(), position_s);
  }

  /** Where the picture of an instant is, in s of media time. */
  positionAt(dateMs: number): number | null {
    return positionAt(this.#segments(), dateMs);
  }

  /** All that can be gone back to, up to the live edge; null while not known. */
  get window(): DateWindow | null {
    return windowOf(this.#segments(), this.#edge_s());
  }

  #segments(): readonly DatedSegment[] {
    if (this.#hls === null) return this.#nativeSegments();
    const details = this.#hls.latestLevelDetails;
    if (details !== this.#details) {
      this.#details = details;
      this.#listed = details === null ? [] : details.fragments.map(dated);
    }
    return this.#listed;
  }

  #nativeSegments(): readonly DatedSegment[] {
    const { seekable } = this.#video;
    const zeroMs = this.#video.getStartDate?.().getTime() ?? NaN;
    if (seekable.length === 0 || Number.isNaN(zeroMs)) return [];
    const [start_s, end_s] = [seekable.start(0), seekable.end(seekable.length - 1)];
    return [{ start_s, duration_s: end_s - start_s, dateMs: zeroMs + start_s * 1000 }];
  }

  #edge_s(): number {
    const details = this.#hls?.latestLevelDetails;
    if (details) return details.edge;
    const { seekable } = this.#video;
    return seekable.length === 0 ? 0 : seekable.end(seekable.length - 1);
  }
}

function dated({ start, duration, programDateTime }: LevelDetails["fragments"][number]): DatedSegment {
  return { start_s: start, duration_s: duration, dateMs: programDateTime };
}
