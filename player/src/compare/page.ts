/** Edge: the compare page: every path of a stream side by side, live or as a link remembers it. */

import "../style.css";
import "./compare.css";
import { streamOfPath, tokenPrefixOfPath } from "../names.ts";
import { element, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { Chart } from "./chart.ts";
import { showFinished } from "./finished.ts";
import { offerToKeep } from "./keep.ts";
import { isLink } from "./link.ts";
import { LiveComparison } from "./live.ts";
import { Panel } from "./panel.ts";
import type { Path } from "./paths.ts";

const stream = streamOfPath(location.pathname) ?? "stream";
const prefix = tokenPrefixOfPath(location.pathname);

function makePanel(path: Path, profile: string): Panel {
  return new Panel(element(path, HTMLElement), path, profile, element("panel", HTMLTemplateElement));
}

function nameTheStream(): void {
  document.title = `Compare ${stream} – Tandem`;
  for (const name of document.querySelectorAll("[data-stream]")) setText(name, stream);
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-path]")) {
    const url = new URL((link.dataset["path"] ?? "").replace("{stream}", stream), location.origin);
    link.href = url.href;
    if (link.textContent === "") setText(link, url.href);
  }
}

async function run(): Promise<void> {
  const chart = new Chart(element("chart", HTMLElement), element("chart-table", HTMLTableElement));
  const span = element("span", HTMLSelectElement);
  const follow = () => (chart.length_s = Number(span.value));
  span.addEventListener("change", follow);
  addEventListener("hashchange", () => location.reload());
  if (isLink(location.hash)) {
    span.value = "Infinity";
    follow();
    const measurement = await showFinished(stream, location.hash, makePanel, chart);
    if (measurement === null) document.body.classList.add("bad");
    else offerToKeep(() => measurement, chart);
  } else {
    follow();
    const live = await LiveComparison.begin({ stream, prefix }, makePanel, chart);
    offerToKeep(() => live.measured, chart);
  }
}

expose({ role: "compare", ready: false, stats: () => null, reset: () => undefined });
nameTheStream();
void run();
