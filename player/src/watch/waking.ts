/** Pure: whether the page has slept: its timers did not run for a while. */

const SLEPT_MS = 2500; // beyond the beat: what browsers do to hidden pages, and lids to laptops

export class SleepWatch {
  readonly #everyMs: number;
  #lastMs: number | null = null;

  /** `everyMs`: how often it is asked. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Asked at every beat; true when the last one is far too long ago. */
  slept(nowMs: number): boolean {
    const missedMs = this.#lastMs === null ? 0 : nowMs - this.#lastMs - this.#everyMs;
    this.#lastMs = nowMs;
    return missedMs > SLEPT_MS;
  }
}
