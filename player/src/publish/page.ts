/** Edge: the publish page. */

import "../style.css";
import "./publish.css";
import { NodeClock } from "../clock/node-clock.ts";
import { formatBitrate, formatCount, formatFrameRate, formatLatency, formatSize, UNKNOWN } from "../format.ts";
import { streamOfPath } from "../names.ts";
import { element, Figures, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { type Changed, PublishForm } from "./form.ts";
import { LevelMeter } from "./level-meter.ts";
import { OnAir } from "./on-air.ts";
import { mergeQueries, parseDevices, parseOptions } from "./options.ts";
import { watchPermissions } from "./permissions.ts";
import { permissionWords, reconnectWords } from "./problems.ts";
import { judge, limitationWords, SteadyVerdict } from "./quality.ts";
import { recall, remember } from "./remembered.ts";
import { NO_SENDER_STATS, type SenderStats } from "./sender-stats.ts";
import { showWatchLink } from "./share.ts";
import { Studio } from "./studio.ts";

const MEASURE_EVERY_MS = 500;
const STATES = {
  idle: "Not live",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  ended: "Ended",
  failed: "Not live",
} as const;

const stream = streamOfPath(location.pathname) ?? "stream";
const asked = new URLSearchParams(location.search);
const chosen = mergeQueries(recall(), asked);
const preview = element("preview", HTMLVideoElement);
const badge = element("badge", HTMLElement);
const message = element("message", HTMLElement);
const idle = element("idle", HTMLElement);
const verdict = element("verdict", HTMLElement);
const permission = element("permission", HTMLElement);
const toggle = element("toggle", HTMLButtonElement);
const look = element("look", HTMLButtonElement);
const switches = { audio: element("sound", HTMLButtonElement), video: element("picture", HTMLButtonElement) };
const figures = new Figures(element("figures", HTMLElement));
const meter = new LevelMeter(element("level", HTMLMeterElement));
const onAir = new OnAir();
const form = new PublishForm(parseOptions(chosen), parseDevices(chosen));
const studio = new Studio(stream, new NodeClock(), () => {
  void form.listDevices(); // they have names once one was allowed
  show();
});
let steady = new SteadyVerdict();

function toggled(): void {
  if (studio.wanted) return studio.stop();
  remember(form.query());
  void start();
}

async function start(): Promise<void> {
  steady = new SteadyVerdict();
  await studio.goLive(form.choice());
}

function changed(what: Changed): void {
  remember(form.query());
  const choice = form.choice();
  if (what !== "other") void studio.change(what, choice);
  else if (studio.capture === null || studio.wanted) return;
  else if (choice.options.source === "screen" || (choice.options.source === "file" && choice.file === null)) {
    studio.close(); // the browser shares a screen, and a file is there, only after the user has chosen one
  } else void studio.preview(choice);
}

function advice(): string {
  const { publisher } = studio;
  switch (studio.state) {
    case "failed":
      return studio.problem ?? "";
    case "reconnecting":
      return reconnectWords(publisher?.wasLive ?? false, publisher?.refused ?? null);
    default:
      return [studio.note, studio.wanted ? offWords() : null].filter(Boolean).join(" ");
  }
}

function offWords(): string | null {
  const [sound, picture] = [studio.isOn("audio"), studio.isOn("video")];
  if (sound && picture) return null;
  if (!sound && !picture) return "Viewers see black and hear nothing.";
  return sound ? "Viewers see black." : "Viewers hear nothing.";
}

function show(): void {
  const { state, wanted, capture } = studio;
  setText(badge, STATES[state]);
  badge.dataset["state"] = state;
  setText(message, advice());
  message.dataset["kind"] = state === "failed" ? "error" : "note";
  setText(toggle, wanted ? "Stop" : "Go live");
  toggle.classList.toggle("danger", wanted);
  setText(look, capture === null ? "Show preview" : "Close preview");
  look.hidden = wanted;
  idle.hidden = capture !== null;
  if (preview.srcObject !== (capture?.stream ?? null)) preview.srcObject = capture?.stream ?? null;
  meter.listen(capture?.stream ?? null);
  showSwitch("audio", "Mute", "Unmute");
  showSwitch("video", "Picture off", "Picture on");
  form.lock(wanted, capture === null || capture.stream.getAudioTracks().length > 0);
  onAir.set(wanted);
  document.title = state === "live" ? `● ${stream} – Tandem` : `Publish ${stream} – Tandem`;
  showFigures();
}

function showSwitch(kind: "audio" | "video", off: string, on: string): void {
  const button = switches[kind];
  button.disabled = !studio.capture?.stream.getTracks().some((track) => track.kind === kind);
  setText(button, studio.isOn(kind) ? off : on);
  button.classList.toggle("danger", !studio.isOn(kind));
}

function showFigures(): void {
  const now = stats();
  figures.show({
    size: formatSize(now.width, now.height),
    fps: formatFrameRate(now.fps),
    bitrate: formatBitrate(now.bitrate_bps),
    codec: now.codec ?? UNKNOWN,
    rtt: formatLatency(now.rtt_ms),
    lost: formatCount(now.lost),
    available: formatBitrate(now.available_bps),
    limitation: limitationWords(now.limitation) ?? UNKNOWN,
  });
  const { grade, sentence } = steady.settle(judge(now, form.choice().options));
  verdict.dataset["grade"] = grade;
  setText(verdict, sentence);
}

function stats(): SenderStats {
  return studio.publisher?.stats ?? NO_SENDER_STATS;
}

async function measure(): Promise<void> {
  await studio.publisher?.measure();
  showFigures();
}

for (const name of document.querySelectorAll("[data-stream]")) setText(name, stream);
element("watch", HTMLAnchorElement).href = `/watch/${stream}`;
showWatchLink(stream);
form.onSubmit(toggled);
form.onChange(changed);
look.addEventListener("click", () => (studio.capture === null ? void studio.preview(form.choice()) : studio.close()));
for (const kind of ["audio", "video"] as const) {
  switches[kind].addEventListener("click", () => studio.turn(kind, !studio.isOn(kind)));
}
void watchPermissions((states) => setText(permission, permissionWords(states)));
addEventListener("pagehide", () => studio.stop());
setInterval(() => void measure(), MEASURE_EVERY_MS);
show();
void form.listDevices();
expose({
  role: "publish",
  ready: true,
  stats: () => ({
    state: studio.state,
    message: advice(),
    verdict: verdict.textContent,
    level: meter.level,
    returns: studio.publisher?.returns ?? null,
    ...stats(),
  }),
  reset: () => undefined,
});
if (asked.get("autostart") === "1") void start();
