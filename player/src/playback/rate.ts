/** Pure: bit rates: of what arrives steadily, by the time it takes; of what is fetched in bursts, by the time it plays. */

const WINDOW_MS = 3000;
const WINDOW_S = WINDOW_MS / 1000;

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

/** Bit rate of media that is fetched in pieces of several kinds, such as sound and pictures, which add up. */
export class MediaRate {
  readonly #pieces = new Map<string, { bytes: number; duration_s: number }[]>();

  add(kind: string, bytes: number, duration_s: number): void {
    if (!(duration_s > 0)) return; // an init section plays for no time
    const pieces = this.#pieces.get(kind) ?? [];
    this.#pieces.set(kind, pieces);
    pieces.push({ bytes, duration_s });
    let length_s = pieces.reduce((sum, piece) => sum + piece.duration_s, 0);
    for (let [first] = pieces; first && length_s - first.duration_s >= WINDOW_S; [first] = pieces) {
      length_s -= first.duration_s;
      pieces.shift();
    }
  }

  /** Bits per second of playing, over the newest three seconds of each kind; null before the first piece. */
  read(): number | null {
    if (this.#pieces.size === 0) return null;
    let bps = 0;
    for (const pieces of this.#pieces.values()) {
      const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
      bps += (bytes * 8) / pieces.reduce((sum, piece) => sum + piece.duration_s, 0);
    }
    return Math.round(bps);
  }

  clear(): void {
    this.#pieces.clear();
  }
}
