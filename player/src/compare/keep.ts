/** Edge: a measurement is kept: as JSON, CSV and PNG files, and in a link. */

import { element, make, setText } from "../ui/dom.ts";
import type { Chart } from "./chart.ts";
import { fileName, toCsv, toJson } from "./export.ts";
import { toFragment } from "./link.ts";
import type { Measurement } from "./measurement.ts";
import { drawReport } from "./report.ts";

const KEPT_MS = 60_000; // for the browser to save a file from

/** Let the buttons keep what `current` gives. */
export function offerToKeep(current: () => Measurement, chart: Chart): void {
  const told = element("told", HTMLElement);
  const offer = (id: string, keep: (measurement: Measurement) => Promise<string>) => {
    element(id, HTMLButtonElement).addEventListener("click", () => {
      void keep(current()).then((words) => setText(told, words));
    });
  };
  offer("keep-json", async (measurement) => {
    return save(new Blob([toJson(measurement)], { type: "application/json" }), fileName(measurement, "json"));
  });
  offer("keep-csv", async (measurement) => {
    return save(new Blob([toCsv(measurement)], { type: "text/csv" }), fileName(measurement, "csv"));
  });
  offer("keep-png", async (measurement) => {
    const image = drawReport(measurement, chart.canvas, getComputedStyle(document.documentElement));
    const blob = await new Promise<Blob | null>((resolve) => image.toBlob(resolve, "image/png"));
    if (blob === null) return "This browser could not make a picture of it.";
    return save(blob, fileName(measurement, "png"));
  });
  offer("share", async (measurement) => showLink(await linkTo(measurement)));
}

/** Without the viewer's token: who is sent a measurement is not let in with it. */
async function linkTo(measurement: Measurement): Promise<string> {
  return new URL(`/compare/${measurement.stream}${await toFragment(measurement)}`, location.origin).href;
}

async function showLink(link: string): Promise<string> {
  const field = element("link", HTMLInputElement);
  field.value = link;
  element("link-field", HTMLElement).hidden = false;
  try {
    await navigator.clipboard.writeText(link);
    return "The link is copied. It holds the measurement itself; nothing is stored.";
  } catch {
    field.select(); // no clipboard without HTTPS, or without leave
    return "Copy the link from the field. It holds the measurement itself; nothing is stored.";
  }
}

function save(blob: Blob, name: string): string {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
  return `Saved as ${name}.`;
}
