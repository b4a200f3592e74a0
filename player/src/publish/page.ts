/** Edge: the publish page. */

import "../style.css";
import { fetchConfig } from "../api.ts";
import { NodeClock } from "../clock/node-clock.ts";
import { formatBitrate, formatCount, formatFrameRate, formatLatency, formatSize, UNKNOWN } from "../format.ts";
import { streamOfPath } from "../names.ts";
import { element, Figures, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { type Capture, CaptureFailed, openCapture } from "./capture.ts";
import { PublishForm } from "./form.ts";
import { type PublishOptions, parseOptions } from "./options.ts";
import { refusalProblem } from "./problems.ts";
import { Publisher } from "./publisher.ts";
import { NO_SENDER_STATS, type SenderStats } from "./sender-stats.ts";

const MEASURE_EVERY_MS = 500;
const STATES = {
  idle: "Not live",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  ended: "Ended",
  failed: "Not live",
} as const;
const LIMITATIONS: Readonly<Record<string, string>> = {
  none: "nothing",
  cpu: "this computer's CPU",
  bandwidth: "the network",
  other: "the browser",
};

const stream = streamOfPath(location.pathname) ?? "stream";
const clock = new NodeClock();
const preview = element("preview", HTMLVideoElement);
const badge = element("badge", HTMLElement);
const message = element("message", HTMLElement);
const idle = element("idle", HTMLElement);
const toggle = element("toggle", HTMLButtonElement);
const figures = new Figures(element("figures", HTMLElement));
const form = new PublishForm(parseOptions(new URLSearchParams(location.search)));
const clockStarted = clock.start();

let wanted = false; // the user wants to be live
let capture: Capture | null = null;
let publisher: Publisher | null = null;
let problem: string | null = null;

async function start(options: PublishOptions): Promise<void> {
  wanted = true;
  problem = publisher = null;
  show();
  try {
    if (options.source === "pattern") await clockStarted;
    const opened = await openCapture(options, form.devices, stream, clock);
    const config = await fetchConfig().catch(() => null);
    if (!wanted) return opened.stop();
    capture = opened;
    capture.stream.getVideoTracks()[0]?.addEventListener("ended", stop); // "stop sharing" of the browser
    preview.srcObject = capture.stream;
    void form.listDevices();
    publisher = new Publisher(`/whip/${stream}`, capture.stream, options, config?.ice_servers ?? [], changed);
    await publisher.start();
  } catch (error) {
    problem = error instanceof CaptureFailed ? error.message : `This cannot be published: ${String(error)}`;
    stop();
  }
}

function stop(): void {
  wanted = false;
  publisher?.stop();
  capture?.stop();
  capture = null;
  preview.srcObject = null;
  show();
}

function changed(): void {
  if (publisher?.state === "failed" && publisher.refused !== null) {
    problem = refusalProblem(stream, publisher.refused.status, publisher.refused.message);
    stop();
  } else show();
}

function state(): keyof typeof STATES {
  if (problem !== null) return "failed";
  if (wanted) return publisher?.state ?? "connecting";
  return publisher === null ? "idle" : "ended";
}

function advice(): string {
  switch (state()) {
    case "failed":
      return problem ?? "";
    case "reconnecting":
      return "The connection is lost; trying again.";
    case "live":
      return capture?.lacks ?? "";
    default:
      return "";
  }
}

function show(): void {
  const now = state();
  setText(badge, STATES[now]);
  badge.dataset["state"] = now;
  setText(message, advice());
  message.dataset["kind"] = now === "failed" ? "error" : "note";
  setText(toggle, wanted ? "Stop" : "Go live");
  toggle.classList.toggle("danger", wanted);
  idle.hidden = wanted;
  form.lock(wanted);
  document.title = now === "live" ? `● ${stream} – Tandem` : `Publish ${stream} – Tandem`;
  showFigures(publisher?.stats ?? NO_SENDER_STATS);
}

function showFigures(stats: SenderStats): void {
  figures.show({
    size: formatSize(stats.width, stats.height),
    fps: formatFrameRate(stats.fps),
    bitrate: formatBitrate(stats.bitrate_bps),
    codec: stats.codec ?? UNKNOWN,
    rtt: formatLatency(stats.rtt_ms),
    lost: formatCount(stats.lost),
    limitation: stats.limitation === null ? UNKNOWN : (LIMITATIONS[stats.limitation] ?? stats.limitation),
  });
}

async function measure(): Promise<void> {
  await publisher?.measure();
  showFigures(publisher?.stats ?? NO_SENDER_STATS);
}

for (const name of document.querySelectorAll("[data-stream]")) setText(name, stream);
element("watch", HTMLAnchorElement).href = `/watch/${stream}`;
form.onSubmit(() => (wanted ? stop() : void start(form.options())));
addEventListener("pagehide", stop);
setInterval(() => void measure(), MEASURE_EVERY_MS);
show();
void form.listDevices();
expose({
  role: "publish",
  ready: true,
  stats: () => ({ state: state(), message: advice(), ...(publisher?.stats ?? NO_SENDER_STATS) }),
  reset: () => undefined,
});
if (new URLSearchParams(location.search).get("autostart") === "1") void start(form.options());
