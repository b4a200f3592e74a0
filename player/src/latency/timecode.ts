/**
 * Pure: a clock that a machine reads from the picture itself.
 *
 * 32 cells side by side fill the top twelfth of the picture: 24 bits of Unix milliseconds (modulo 2^24, about 4.7 h),
 * most significant first, then 8 check bits: the exclusive or of the three bytes and 0xA5. White is 1, black is 0. The
 * cells are large enough to survive an encode of 180 lines.
 */

export const CELLS = 32;
export const PERIOD_MS = 2 ** 24;
const STRIP_PART_OF_HEIGHT = 12;
const CHECK_SEED = 0xa5; // neither an all black nor an all white strip passes
const DARK = 96; // luma below is 0; a camera's greys between the two are no time code
const BRIGHT = 160; // luma above is 1
const PIXELS_PER_CELL = 4; // of the small picture the reader looks at
const PIXEL_ROWS = 4;
const CHROMA_ALIGNED = 2; // pixels: a rectangle of a 4:2:0 picture begins and ends between two chroma samples

/** Size in pixels of the picture `readCells` expects: the middle rows of the strip, scaled down. */
export const SAMPLE = { width: CELLS * PIXELS_PER_CELL, height: PIXEL_ROWS } as const;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function checkBits(ms: number): number {
  return ((ms & 255) ^ ((ms >> 8) & 255) ^ ((ms >> 16) & 255) ^ CHECK_SEED) & 255;
}

/** The 32 cells of a Unix time in ms; true is white. */
export function encodeCells(unixMs: number): boolean[] {
  const ms = Math.floor(unixMs) % PERIOD_MS;
  const word = ms * 256 + checkBits(ms);
  return Array.from({ length: CELLS }, (_, cell) => Math.floor(word / 2 ** (CELLS - 1 - cell)) % 2 === 1);
}

/** Milliseconds (modulo `PERIOD_MS`) of 32 lumas (0 to 255), or null if they are no time code. */
export function decodeCells(lumas: readonly number[]): number | null {
  if (lumas.length !== CELLS) return null;
  let word = 0;
  for (const luma of lumas) {
    if (luma > DARK && luma < BRIGHT) return null;
    word = word * 2 + (luma >= BRIGHT ? 1 : 0);
  }
  const ms = Math.floor(word / 256);
  return checkBits(ms) === word % 256 ? ms : null;
}

/** Where a cell lies in a picture, in whole pixels. */
export function cellBox(cell: number, width: number, height: number): Box {
  const left = Math.round((cell * width) / CELLS);
  const right = Math.round(((cell + 1) * width) / CELLS);
  return { x: left, y: 0, width: right - left, height: Math.round(height / STRIP_PART_OF_HEIGHT) };
}

/** The part of a picture to scale down to `SAMPLE`: the strip without its upper and lower quarter. */
export function stripBox(width: number, height: number): Box {
  const strip = height / STRIP_PART_OF_HEIGHT;
  return { x: 0, y: strip / 4, width, height: strip / 2 };
}

/** Mean green of the inner pixels of each cell. `rgba` holds `SAMPLE.width * SAMPLE.height` pixels of 4 bytes, by rows. */
export function readCells(rgba: ArrayLike<number>): number[] {
  return Array.from({ length: CELLS }, (_, cell) => {
    let sum = 0;
    let count = 0;
    for (let row = 0; row < PIXEL_ROWS; row++) {
      for (let column = 1; column < PIXELS_PER_CELL - 1; column++) {
        sum += rgba[(row * SAMPLE.width + cell * PIXELS_PER_CELL + column) * 4 + 1] ?? 0;
        count++;
      }
    }
    return sum / count;
  });
}

/** The rows of a decoded picture to read without scaling: four in the middle of the strip. */
export function stripRows(width: number, height: number): Box {
  const middle = height / STRIP_PART_OF_HEIGHT / 2;
  return { x: 0, y: aligned(middle - PIXEL_ROWS / 2), width: aligned(width), height: PIXEL_ROWS };
}

function aligned(pixels: number): number {
  return Math.max(0, Math.floor(pixels / CHROMA_ALIGNED) * CHROMA_ALIGNED);
}

/** Mean luma of the inner half of each cell. `luma` holds the rows of `box`, one byte a pixel, `stride` bytes apart. */
export function readLumaCells(luma: ArrayLike<number>, stride: number, box: Box): number[] {
  const cellWidth = box.width / CELLS;
  return Array.from({ length: CELLS }, (_, cell) => {
    const from = Math.round((cell + 0.25) * cellWidth);
    const to = Math.max(from + 1, Math.round((cell + 0.75) * cellWidth));
    let sum = 0;
    for (let row = 0; row < box.height; row++) {
      for (let x = from; x < to; x++) sum += luma[row * stride + x] ?? 0;
    }
    return sum / (box.height * (to - from));
  });
}

/** How long ago, in ms, a code was drawn; negative if it is ahead of `unixMs`. Right within half a period. */
export function ageMs(codeMs: number, unixMs: number): number {
  const difference = (((unixMs - codeMs) % PERIOD_MS) + PERIOD_MS) % PERIOD_MS;
  return difference > PERIOD_MS / 2 ? difference - PERIOD_MS : difference;
}
