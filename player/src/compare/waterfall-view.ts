/** Edge: where the time of each path goes: a bar of its stages, and the same as a table. */

import { formatLatency } from "../format.ts";
import { STAGES } from "../latency/waterfall.ts";
import { make, setText } from "../ui/dom.ts";
import type { Measurement, PathMeasurement } from "./measurement.ts";
import { titleOf } from "./paths.ts";
import { type Row, rowsOf } from "./waterfall-rows.ts";

const SHOW_EVERY_MS = 2000; // a table that changes more often cannot be read

export class WaterfallView {
  readonly #root: HTMLElement;
  #shownMs = -Infinity;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Show it if what is shown is old. */
  show(measurement: Measurement): void {
    if (performance.now() - this.#shownMs >= SHOW_EVERY_MS) this.showNow(measurement);
  }

  showNow({ paths, profile }: Measurement): void {
    this.#shownMs = performance.now();
    const figures = paths.flatMap((path) => figureOf(path, titleOf(path.path, profile)) ?? []);
    if (figures.length > 0) this.#root.replaceChildren(...figures);
    else setText(this.#root, "Nothing is known of it yet.");
  }
}

function figureOf({ path, waterfall }: PathMeasurement, title: string): HTMLElement | null {
  if (waterfall === null) return null;
  const rows = rowsOf(waterfall);
  const bar = make("div", { className: "bar" }, ...rows.map(pieceOf));
  bar.setAttribute("aria-hidden", "true"); // the table has it all
  const table = make("table", {}, make("caption", { text: `${title}: ${formatLatency(waterfall.total_ms)}` }));
  table.append(make("tbody", {}, ...rows.map(lineOf)));
  const figure = make("div", { className: "waterfall" }, bar, table);
  figure.dataset["waterfall"] = path;
  return figure;
}

function lineOf(row: Row): HTMLTableRowElement {
  const head = make("th", {}, swatchOf(row), new Text(row.name));
  head.scope = "row";
  const share = row.kind === "unseen" ? "" : `${Math.round(row.share * 100)} %`;
  return make("tr", {}, head, make("td", { text: row.text }), make("td", { text: share }));
}

function pieceOf(row: Row): HTMLElement {
  const piece = swatchOf(row);
  piece.style.flexGrow = String(row.share);
  return piece;
}

function swatchOf({ name, kind }: Row): HTMLElement {
  const swatch = make("span", { className: kind });
  swatch.style.setProperty("--stage", String(STAGES.findIndex((stage) => stage === name)));
  return swatch;
}
