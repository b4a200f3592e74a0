/** Pure: which piece of which rendition a moment of a stream was loaded in, and when that was there. */

export interface Load {
  readonly rendition: string;
  readonly loadedMs: number;
}

interface Piece extends Load {
  readonly fromMs: number;
  readonly toMs: number;
}

const CAPACITY = 200; // half a minute of parts of 0.2 s and the segments between
const ROUNDING_MS = 1; // playlists have dates in ms

export class LoadLog {
  #pieces: Piece[] = [];

  /** A piece that begins at a date (Unix ms) and was whole at `loadedMs`, on whatever clock is wanted back. */
  add(fromMs: number, duration_s: number, load: Load): void {
    this.#pieces.push({ ...load, fromMs, toMs: fromMs + duration_s * 1000 });
    if (this.#pieces.length > CAPACITY) this.#pieces.shift();
  }

  /** The newest piece that holds a date; null if none is remembered. */
  find(atMs: number): Load | null {
    const holds = ({ fromMs, toMs }: Piece) => fromMs - ROUNDING_MS <= atMs && atMs < toMs + ROUNDING_MS;
    return this.#pieces.findLast(holds) ?? null;
  }

  clear(): void {
    this.#pieces = [];
  }
}

/** The rendition of a media URL: `/live/film/{session}/720p/p21.m4s`; empty if it has no such form. */
export function renditionOf(url: string): string {
  return new URL(url, "http://node").pathname.split("/").at(-2) ?? "";
}
