/** Pure: the pictures that one player has shown, and where their time went as far as the node has told. */

import { journeyOf, type Shown, type Timeline } from "./timeline.ts";
import { average, type Path, waterfall, type Waterfall } from "./waterfall.ts";

const WAITING = 60; // pictures that were shown since the node last answered: a few seconds at some a second
const KEPT = 60; // waterfalls over which the mean is taken

export class Account {
  #waiting: Shown[] = [];
  #done: Waterfall[] = [];

  constructor(readonly path: Path) {}

  /** A picture was presented; where its time went is known when the node has told its half. */
  shown(picture: Shown): void {
    this.#waiting.push(picture);
    if (this.#waiting.length > WAITING) this.#waiting.shift();
  }

  /** How many pictures wait for the node's half. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * The node has told. `asked_ms`: when it was asked, on its clock; of pictures shown later its answer may not know.
   * `roundTrip_ms`: between node and viewer, null if not known.
   */
  complete(timeline: Timeline, asked_ms: number, roundTrip_ms: number | null): void {
    const trips = { publisher_ms: timeline.publisher_round_trip_ms, viewer_ms: roundTrip_ms };
    const ready = this.#waiting.filter(({ displayed_ms }) => displayed_ms < asked_ms);
    this.#waiting = this.#waiting.filter(({ displayed_ms }) => displayed_ms >= asked_ms);
    const made = ready.map((picture) => waterfall(this.path, journeyOf(picture, timeline, trips)));
    this.#done = [...this.#done, ...made.filter((each) => each !== null)].slice(-KEPT);
  }

  /** The mean of the newest pictures; null before the first. */
  get waterfall(): Waterfall | null {
    return average(this.#done);
  }

  reset(): void {
    this.#waiting = [];
    this.#done = [];
  }
}
