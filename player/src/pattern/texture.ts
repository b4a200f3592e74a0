/** Pure: a tile of cloudy texture, the same each time: something real for an encoder to work on. */

const OCTAVES = [
  { cells: 4, weight: 0.45 },
  { cells: 16, weight: 0.3 },
  { cells: 64, weight: 0.25 },
];
const DARKEST = [38, 50, 92] as const;
const BRIGHTEST = [128, 158, 204] as const;

/** RGBA of a square tile of `size` pixels that fits to itself on all sides. */
export function texture(size: number): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const level = OCTAVES.reduce((sum, { cells, weight }) => sum + weight * smooth(x / size, y / size, cells), 0);
      const pixel = (y * size + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        const [dark, bright] = [DARKEST[channel] ?? 0, BRIGHTEST[channel] ?? 0];
        rgba[pixel + channel] = dark + level * (bright - dark);
      }
      rgba[pixel + 3] = 255;
    }
  }
  return rgba;
}

/** Value noise between 0 and 1 at a place of the unit square, on a lattice of `cells` a side that wraps round. */
function smooth(x: number, y: number, cells: number): number {
  const [column, row] = [Math.floor(x * cells), Math.floor(y * cells)];
  const [across, down] = [ease(x * cells - column), ease(y * cells - row)];
  const at = (right: number, below: number) => lattice((column + right) % cells, (row + below) % cells, cells);
  const upper = at(0, 0) + (at(1, 0) - at(0, 0)) * across;
  const lower = at(0, 1) + (at(1, 1) - at(0, 1)) * across;
  return upper + (lower - upper) * down;
}

function ease(part: number): number {
  return part * part * (3 - 2 * part);
}

/** A number between 0 and 1 that looks random and is always the same for the same place. */
function lattice(column: number, row: number, seed: number): number {
  let hash = Math.imul(column + 1, 0x9e3779b1) ^ Math.imul(row + 1, 0x85ebca6b) ^ Math.imul(seed, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
