/** Pure: how long to wait before the next attempt. */

const FIRST_MS = 500;
const LONGEST_MS = 8000;

export class Backoff {
  readonly #longestMs: number;
  #failures = 0;

  constructor(longestMs = LONGEST_MS) {
    this.#longestMs = longestMs;
  }

  /** Wait in ms after one more failure: doubling, and never sooner than the server asked for. */
  failed(retryAfter_s: number | null = null): number {
    const wait = Math.min(this.#longestMs, FIRST_MS * 2 ** this.#failures);
    this.#failures++;
    return Math.max(wait, (retryAfter_s ?? 0) * 1000);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
