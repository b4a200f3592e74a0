/** Edge: the latencies of all paths over time, drawn by uPlot, and the same as a table. */

import "uplot/dist/uPlot.min.css";
import type uPlot from "uplot";
import { formatDuration, formatLatency, UNKNOWN } from "../format.ts";
import { make } from "../ui/dom.ts";
import { columnsOf, type Height, spanOf } from "./chart-data.ts";
import type { Measurement } from "./measurement.ts";
import { type Path, PATHS, titleOf } from "./paths.ts";

const HEIGHT_PX = 260;
const POINTS = 240;
const ROWS = 12; // of the table
const TABLE_EVERY_MS = 5000; // more often would take the table from under who reads it
const LEAST_MS = 1; // the axis is logarithmic: 60 ms and 6 s are to be read side by side
const DASHES: Readonly<Record<Path, number[]>> = { whep: [], hls: [8, 4], plain: [2, 3] };

export class Chart {
  readonly #root: HTMLElement;
  readonly #table: HTMLTableElement;
  #plot: uPlot | null = null;
  #shown: Measurement | null = null;
  #lengthMs = Infinity;
  #tableMs = -Infinity;

  constructor(root: HTMLElement, table: HTMLTableElement) {
    this.#root = root;
    this.#table = table;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void this.#build());
    void this.#build();
  }

  /** How much of the measurement is shown, from its end. */
  set length_s(length_s: number) {
    this.#lengthMs = length_s * 1000;
    this.#tableMs = -Infinity;
    if (this.#shown !== null) this.show(this.#shown);
  }

  get canvas(): HTMLCanvasElement | null {
    return this.#plot?.ctx.canvas ?? null;
  }

  show(measurement: Measurement): void {
    this.#shown = measurement;
    this.#draw(measurement);
    const nowMs = performance.now();
    if (nowMs - this.#tableMs < TABLE_EVERY_MS) return;
    this.#tableMs = nowMs;
    this.#tabulate(measurement);
  }

  #draw(measurement: Measurement): void {
    const { atMs, series } = columnsOf(samplesOf(measurement), this.#span(measurement), POINTS);
    const heights = series.map((one) => one.map((height) => height && Math.max(LEAST_MS, height)));
    this.#plot?.setData([atMs.map((ms) => ms / 1000), ...heights]);
  }

  #tabulate(measurement: Measurement): void {
    const { atMs, series } = columnsOf(samplesOf(measurement), this.#span(measurement), ROWS);
    const titles = PATHS.map((path) => titleOf(path, measurement.profile));
    const head = make("tr", {}, ...["From", ...titles].map((text) => headCell(text, "col")));
    const rows = atMs.map((ms, column) => {
      const cells = series.map((one) => make("td", { text: heightText(one[column]) }));
      return make("tr", {}, headCell(formatDuration(ms), "row"), ...cells);
    });
    this.#table.tHead?.replaceChildren(head);
    this.#table.tBodies[0]?.replaceChildren(...rows);
  }

  /** Anew for other colours: uPlot keeps those that it began with. */
  async #build(): Promise<void> {
    const { default: Plot } = await import("uplot");
    this.#plot?.destroy();
    this.#plot = new Plot(this.#options(), [[], ...PATHS.map(() => [])], this.#root);
    if (this.#shown !== null) this.#draw(this.#shown);
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#root);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { distr: 3 } },
      axes: [
        { ...axis, size: 32, space: 60, values: (_plot, at) => at.map((seconds) => formatDuration(seconds * 1000)) },
        { ...axis, size: 64, values: (_plot, at) => at.map((ms) => (ms === null ? "" : tick(ms))) },
      ],
      series: [
        {},
        ...PATHS.map((path) => ({
          stroke: colour(`--path-${path}`),
          width: 2,
          dash: DASHES[path],
          points: { show: false },
        })),
      ],
    };
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(1, this.#root.clientWidth), height: HEIGHT_PX };
  }

  #span({ duration_ms }: Measurement) {
    return spanOf(this.#lengthMs, duration_ms);
  }
}

/** A series for each path, whether or not it is measured. */
function samplesOf({ paths }: Measurement) {
  return PATHS.map((path) => paths.find((one) => one.path === path)?.samples ?? []);
}

function heightText(height: Height): string {
  return height == null ? UNKNOWN : formatLatency(height);
}

function tick(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

function headCell(text: string, scope: "col" | "row"): HTMLTableCellElement {
  const cell = make("th", { text });
  cell.scope = scope;
  return cell;
}
