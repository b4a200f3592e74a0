/**
 * Edge: draws the test pattern: time code strip, a clock to read, movement and texture for the encoder, and a flash in
 * every first tenth of a second, together with the beep.
 */

import { formatClock } from "../format.ts";
import { cellBox, encodeCells } from "../latency/timecode.ts";
import { texture } from "./texture.ts";

export type PatternContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export const FLASH_MS = 100;
const TILE = 256; // pixels
const BARS = ["#e8e8e8", "#d8c840", "#3fb8c4", "#4fb04a", "#b44bb0", "#c8443c", "#3c58c8"];
const SANS = "600 {px}px system-ui, sans-serif";
const MONO = "700 {px}px ui-monospace, 'DejaVu Sans Mono', monospace";

export class PatternPicture {
  readonly #context: PatternContext;
  readonly #width: number;
  readonly #height: number;
  readonly #name: string;
  readonly #texture: CanvasPattern | null;

  constructor(context: PatternContext, width: number, height: number, name: string) {
    this.#context = context;
    this.#width = width;
    this.#height = height;
    this.#name = name;
    this.#texture = context.createPattern(textureTile(), "repeat");
  }

  /** Draw the picture of this instant, Unix time in ms. */
  draw(unixMs: number): void {
    this.#background(unixMs);
    this.#bars();
    this.#ball(unixMs);
    this.#clock(unixMs);
    this.#strip(unixMs);
  }

  #background(unixMs: number): void {
    const [context, seconds] = [this.#context, unixMs / 1000];
    const shift = { x: Math.round((seconds * 40) % TILE), y: Math.round((seconds * 16) % TILE) };
    context.save();
    context.translate(-shift.x, -shift.y);
    context.fillStyle = this.#texture ?? "#446";
    context.fillRect(0, 0, this.#width + TILE, this.#height + TILE);
    context.restore();
  }

  #bars(): void {
    const [height, width] = [this.#height * 0.09, this.#width / BARS.length];
    BARS.forEach((colour, bar) => {
      this.#context.fillStyle = colour;
      this.#context.fillRect(Math.round(bar * width), this.#height - height, Math.ceil(width), height);
    });
  }

  #ball(unixMs: number): void {
    const [context, unit] = [this.#context, this.#height / 100];
    const swing = Math.sin((unixMs / 1000) * Math.PI); // there and back in two seconds
    const x = this.#width * (0.5 + 0.4 * swing);
    const y = this.#height * (0.8 - 0.12 * Math.cos((unixMs / 1000) * Math.PI * 2));
    context.fillStyle = "#f4f6ff";
    context.beginPath();
    context.arc(x, y, 5 * unit, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = "#18203a";
    context.lineWidth = unit;
    context.beginPath();
    const angle = (unixMs / 1000) * 2 * Math.PI;
    context.moveTo(x, y);
    context.lineTo(x + 4.4 * unit * Math.sin(angle), y - 4.4 * unit * Math.cos(angle));
    context.stroke();
  }

  #clock(unixMs: number): void {
    const [context, unit, middle] = [this.#context, this.#height / 100, this.#width / 2];
    const flash = unixMs % 1000 < FLASH_MS;
    const half = Math.min(56 * unit, this.#width * 0.46);
    context.fillStyle = flash ? "#ffffff" : "#10162a";
    context.fillRect(middle - half, 22 * unit, 2 * half, 38 * unit);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = flash ? "#10162a" : "#ffffff";
    context.font = MONO.replace("{px}", String(Math.round(Math.min(14 * unit, half / 4))));
    context.fillText(formatClock(unixMs), middle, 36 * unit);
    context.fillStyle = flash ? "#39415c" : "#b9c2de";
    context.font = SANS.replace("{px}", String(Math.round(6 * unit)));
    context.fillText(`${this.#name}   UTC`, middle, 51 * unit, 2 * half - 4 * unit);
  }

  #strip(unixMs: number): void {
    encodeCells(unixMs).forEach((white, cell) => {
      const box = cellBox(cell, this.#width, this.#height);
      this.#context.fillStyle = white ? "#fff" : "#000";
      this.#context.fillRect(box.x, box.y, box.width, box.height);
    });
  }
}

function textureTile(): OffscreenCanvas | HTMLCanvasElement {
  const tile =
    typeof OffscreenCanvas === "undefined" ? document.createElement("canvas") : new OffscreenCanvas(TILE, TILE);
  tile.width = tile.height = TILE;
  const context = tile.getContext("2d") as PatternContext | null;
  if (context === null) throw new Error("this browser gives no canvas to draw on");
  const image = context.createImageData(TILE, TILE);
  image.data.set(texture(TILE));
  context.putImageData(image, 0, 0);
  return tile;
}
