/** Pure: when the next frame is due, without drift. */

const LATE_FRAMES = 3; // behind by more than this, frames are left out instead of being drawn in a burst

export class Pacer {
  readonly #startMs: number;
  readonly #periodMs: number;
  #frame = 0;

  constructor(startMs: number, framesPerSecond: number) {
    this.#startMs = startMs;
    this.#periodMs = 1000 / framesPerSecond;
  }

  /** Wait in ms until the next frame is due; 0 if it is already. */
  next(nowMs: number): number {
    this.#frame++;
    if (nowMs - this.#dueMs > LATE_FRAMES * this.#periodMs) {
      this.#frame = Math.ceil((nowMs - this.#startMs) / this.#periodMs);
    }
    return Math.max(0, this.#dueMs - nowMs);
  }

  get #dueMs(): number {
    return this.#startMs + this.#frame * this.#periodMs;
  }
}
