/** Edge: a measurement as one picture: title, figures, chart. */

import type { Measurement } from "./measurement.ts";
import { titleOf } from "./paths.ts";
import { describeFinished, figureTexts, LATENCY_FIGURES, PLAYER_FIGURES } from "./words.ts";

const WIDTH = 960;
const MARGIN = 32;
const LINE = 28;
const FONT = "system-ui, 'DejaVu Sans', sans-serif";
const LABELS = { ...LATENCY_FIGURES, ...PLAYER_FIGURES, method: "Measured" };

/** In the colours of the page; the chart as it is shown just now. */
export function drawReport(
  measurement: Measurement,
  chart: HTMLCanvasElement | null,
  style: CSSStyleDeclaration,
): HTMLCanvasElement {
  const columns = measurement.paths.map((path) => figureTexts(path, measurement.clockError_ms));
  const titles = measurement.paths.map(({ path }) => titleOf(path, measurement.profile));
  const labels = Object.entries(LABELS) as [keyof typeof LABELS, string][];
  const tableTop = MARGIN + 3 * LINE;
  const chartTop = tableTop + (labels.length + 1.5) * LINE;
  const inner = WIDTH - 2 * MARGIN;
  const chartHeight = chart === null ? 0 : (chart.height / chart.width) * inner;

  const image = document.createElement("canvas");
  image.width = WIDTH;
  image.height = Math.ceil(chartTop + chartHeight + MARGIN);
  const context = image.getContext("2d");
  if (context === null) return image;
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const write = (text: string, x: number, y: number, font: string, ink: string, width: number) => {
    context.font = `${font} ${FONT}`;
    context.fillStyle = colour(ink);
    context.fillText(text, x, y, width);
  };
  context.fillStyle = colour("--surface");
  context.fillRect(0, 0, image.width, image.height);
  write(measurement.stream, MARGIN, MARGIN + LINE * 0.7, "700 28px", "--ink", inner);
  write(describeFinished(measurement), MARGIN, MARGIN + LINE * 1.7, "16px", "--muted", inner);

  const labelWidth = 130;
  const columnWidth = (inner - labelWidth) / Math.max(1, columns.length);
  const columnAt = (column: number) => MARGIN + labelWidth + column * columnWidth;
  titles.forEach((title, column) => {
    const path = measurement.paths[column]?.path ?? "";
    write(title, columnAt(column), tableTop, "700 18px", `--path-${path}`, columnWidth - 12);
  });
  labels.forEach(([name, label], row) => {
    const y = tableTop + (row + 1) * LINE;
    write(label, MARGIN, y, "16px", "--muted", labelWidth - 12);
    columns.forEach((texts, column) => write(texts[name], columnAt(column), y, "16px", "--ink", columnWidth - 12));
  });
  if (chart !== null) context.drawImage(chart, MARGIN, chartTop, inner, chartHeight);
  return image;
}
