/** Edge: the page of recordings: a list, and a player for the one that is chosen. */

import "../style.css";
import "./recordings.css";
import { fetchRecordings, type RecordingInfo } from "../api.ts";
import { countOf, formatBytes, formatDuration } from "../format.ts";
import { element, make, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { play, playing } from "./player.ts";

const STATES = {
  waiting: "Waiting",
  working: "Being made",
  ready: "Ready",
  failed: "Failed",
  removing: "Being removed",
} as const;

const list = element("recordings", HTMLElement);
const empty = element("empty", HTMLElement);
const trouble = element("trouble", HTMLElement);
const count = element("count", HTMLElement);
const more = element("more", HTMLButtonElement);
let next: string | null = null;
let shown = 0;

function card(recording: RecordingInfo): HTMLElement {
  const badge = make("span", { className: "badge", text: STATES[recording.state] });
  badge.dataset["state"] = recording.state === "ready" ? "live" : recording.state;
  const head = make("div", { className: "stream-head" }, make("h3", { text: recording.stream }), badge);
  const actions = make("p", { className: "actions" });
  const made = make("li", { className: "card stream" });
  if (recording.poster !== null) {
    const poster = make("img", { className: "recording-poster" });
    poster.src = recording.poster;
    poster.alt = "";
    poster.loading = "lazy";
    made.append(poster);
  }
  if (recording.hls !== null) {
    const playable = { ...recording, hls: recording.hls };
    const button = make("button", { className: "button", text: "Play" });
    button.addEventListener("click", () => void play(playable));
    actions.append(button);
  }
  if (recording.mp4 !== null) {
    const link = make("a", { className: "button quiet", text: "MP4 file" });
    link.href = recording.mp4;
    link.download = `${recording.stream}-${recording.session}.mp4`;
    actions.append(link);
  }
  made.append(head, make("p", { className: "facts", text: facts(recording) }), actions);
  return made;
}

function facts({ started_ms, duration_ms, size_bytes, why }: RecordingInfo): string {
  const known = [];
  if (started_ms !== null) known.push(new Date(started_ms).toLocaleString());
  if (duration_ms !== null) known.push(formatDuration(duration_ms));
  if (size_bytes !== null) known.push(formatBytes(size_bytes));
  if (why !== null) known.push(why);
  return known.join(" · ");
}

async function load(): Promise<void> {
  more.disabled = true;
  try {
    const page = await fetchRecordings(next);
    list.append(...page.recordings.map(card));
    next = page.next;
    shown += page.recordings.length;
    empty.hidden = shown > 0;
    setText(empty, page.why ?? "Nothing was recorded yet: a broadcast that has ended appears here.");
    setText(count, shown === 0 ? "" : countOf(shown, "recording"));
    setText(trouble, "");
  } catch {
    setText(trouble, "The node does not answer: load this page again.");
  }
  more.disabled = false;
  more.hidden = next === null;
}

more.addEventListener("click", () => void load());
void load();
expose({ role: "recordings", ready: true, stats: () => ({ shown, ...playing() }), reset: () => undefined });
