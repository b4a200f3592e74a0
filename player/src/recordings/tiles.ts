/** Pure: the thumbnails of a recording, as its WebVTT file names them. */

export interface Tile {
  readonly start_s: number;
  readonly end_s: number;
  /** File name of its sheet, beside the WebVTT file. */
  readonly sheet: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const CUE = /^([\d:.]+) --> ([\d:.]+)\n([\w-]+\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

/** The tiles in order; what is none is passed over. */
export function parseTiles(text: string): Tile[] {
  const tiles: Tile[] = [];
  for (const block of text.split(/\n{2,}/)) {
    const found = CUE.exec(block.trim());
    if (found === null) continue;
    const [, start = "", end = "", sheet = "", ...numbers] = found;
    const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
    tiles.push({ start_s: seconds(start), end_s: seconds(end), sheet, x, y, width, height });
  }
  return tiles;
}

/** The tile that is shown at a time; the last one behind the end. */
export function tileAt(tiles: readonly Tile[], time_s: number): Tile | undefined {
  return tiles.find((tile) => time_s < tile.end_s) ?? tiles.at(-1);
}

/** `h:mm:ss.mmm` or `mm:ss.mmm` in seconds. */
function seconds(time: string): number {
  return time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
