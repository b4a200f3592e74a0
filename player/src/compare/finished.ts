/** Edge: a finished measurement from a link, to be read; nothing is played. */

import { element, setText } from "../ui/dom.ts";
import type { Chart } from "./chart.ts";
import { fromFragment } from "./link.ts";
import type { Measurement } from "./measurement.ts";
import { BadMeasurement } from "./measurement-json.ts";
import type { Panel } from "./panel.ts";
import { type Path, PATHS } from "./paths.ts";
import { WaterfallView } from "./waterfall-view.ts";
import { compareLatencies, describeFinished } from "./words.ts";

/** Show what a fragment holds; null, and a sentence on the page, if that is no measurement of this stream. */
export async function showFinished(
  stream: string,
  fragment: string,
  makePanel: (path: Path, profile: string) => Panel,
  chart: Chart,
): Promise<Measurement | null> {
  document.body.classList.add("finished");
  element("finished", HTMLElement).hidden = false;
  const summary = element("summary", HTMLElement);
  try {
    const measurement = await fromFragment(fragment);
    if (measurement.stream !== stream) throw new BadMeasurement(`it is of another stream, ${measurement.stream}`);
    setText(summary, describeFinished(measurement));
    show(measurement, makePanel, chart);
    return measurement;
  } catch (error) {
    if (!(error instanceof BadMeasurement)) throw error;
    setText(summary, `This link shows no measurement: ${error.message}.`);
    return null;
  }
}

function show(measurement: Measurement, makePanel: (path: Path, profile: string) => Panel, chart: Chart): void {
  const { paths, profile, clockError_ms } = measurement;
  for (const path of PATHS) {
    const measured = paths.find((one) => one.path === path);
    if (measured === undefined) {
      element(path, HTMLElement).remove();
      continue;
    }
    const panel = makePanel(path, profile);
    panel.finish();
    panel.show(measured, clockError_ms, measured.latency.p50_ms, "median");
  }
  const medians = paths.flatMap(({ path, latency: { p50_ms } }) => (p50_ms === null ? [] : [[path, p50_ms] as const]));
  setText(element("comparison", HTMLElement), compareLatencies(medians, profile));
  chart.show(measurement);
  new WaterfallView(element("waterfalls", HTMLElement)).showNow(measurement);
}
