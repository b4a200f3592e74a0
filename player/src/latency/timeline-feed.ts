/** Edge: asks the node, again and again, when the pictures of a stream passed its stages, and completes journeys. */

import type { NodeClock } from "../clock/node-clock.ts";
import { fetchTimeline } from "../api.ts";
import { journeyOf, type Shown, type Timeline, type Trips } from "./timeline.ts";
import { average, type Path, waterfall, type Waterfall } from "./waterfall.ts";

const EVERY_MS = 1000;
const BACK_MS = 4000; // of pictures asked for: no low-latency player is further behind, nor the answer larger than 60 KB
const WAITING = 60; // pictures that were shown since the last answer: a few seconds at some a second
const KEPT = 60; // waterfalls of each path, over which the mean is taken
const PATHS = ["webrtc", "hls"] as const;

export class TimelineFeed {
  readonly #stream: string;
  readonly #clock: NodeClock;
  readonly #shown: Record<Path, Shown[]> = { webrtc: [], hls: [] };
  readonly #done: Record<Path, Waterfall[]> = { webrtc: [], hls: [] };
  #trips: Trips = { publisher_ms: null, viewer_ms: null };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: string, clock: NodeClock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  start(): void {
    this.#timer ??= setTimeout(() => void this.#turn(), EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A picture was presented; its journey is complete when the node has told its half. */
  shown(path: Path, picture: Shown): void {
    const waiting = this.#shown[path];
    waiting.push(picture);
    if (waiting.length > WAITING) waiting.shift();
  }

  /** Round trips that the players or the publisher know. */
  setTrips(trips: Partial<Trips>): void {
    this.#trips = { ...this.#trips, ...trips };
  }

  /** The mean of the newest pictures of a path; null before the first. */
  waterfall(path: Path): Waterfall | null {
    return average(this.#done[path]);
  }

  reset(): void {
    for (const path of PATHS) [this.#shown[path], this.#done[path]] = [[], []];
  }

  async #turn(): Promise<void> {
    const before = { webrtc: this.#shown.webrtc.length, hls: this.#shown.hls.length };
    const timeline = await this.#ask();
    if (timeline !== null) PATHS.forEach((path) => this.#complete(path, before[path], timeline));
    if (this.#timer !== undefined) this.#timer = setTimeout(() => void this.#turn(), EVERY_MS);
  }

  async #ask(): Promise<Timeline | null> {
    if (document.hidden || this.#shown.webrtc.length + this.#shown.hls.length === 0) return null;
    try {
      return await fetchTimeline(this.#stream, this.#clock.now() - BACK_MS);
    } catch {
      return null; // the stream is over, or the node is away
    }
  }

  /** Only what was shown before the node was asked: of later pictures its answer may not know. */
  #complete(path: Path, before: number, timeline: Timeline): void {
    const pictures = this.#shown[path].splice(0, before);
    const made = pictures.map((picture) => waterfall(path, journeyOf(picture, timeline, this.#trips)));
    this.#done[path] = [...this.#done[path], ...made.filter((each) => each !== null)].slice(-KEPT);
  }
}
