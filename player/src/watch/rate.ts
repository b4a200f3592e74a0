/** Pure: bit rate from a count of bytes that is read now and then. */

const WINDOW_MS = 3000;

export class Rate {
  #readings: { atMs: number; bytes: number }[] = [];

  /** Bits per second over the last three seconds; null until there are two readings. */
  read(atMs: number, bytes: number): number | null {
    const last = this.#readings.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#readings = [];
    this.#readings.push({ atMs, bytes });
    while (this.#readings.length > 2 && atMs - (this.#readings[1]?.atMs ?? atMs) >= WINDOW_MS) this.#readings.shift();
    const first = this.#readings[0];
    if (first === undefined || atMs <= first.atMs) return null;
    return Math.round(((bytes - first.bytes) * 8000) / (atMs - first.atMs));
  }

  clear(): void {
    this.#readings = [];
  }
}
