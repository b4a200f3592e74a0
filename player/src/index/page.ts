/** Edge: the start page: what is live, and a form to go live. */

import "../style.css";
import { fetchStreams, type StreamInfo } from "../api.ts";
import { countOf, formatDuration } from "../format.ts";
import { isStreamName, NAME_RULE } from "../names.ts";
import { element, make, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { describeRenditions, describeTracks } from "./describe.ts";

const POLL_EVERY_MS = 2000;
const STATES = { starting: "Starting", live: "Live", interrupted: "Interrupted" } as const;

const list = element("streams", HTMLElement);
const empty = element("empty", HTMLElement);
const trouble = element("trouble", HTMLElement);
const count = element("count", HTMLElement);
const name = element("name", HTMLInputElement);
const cards = new Map<string, Card>();
let shown: readonly StreamInfo[] = [];

/** One stream on the page; kept while it is live, so that the keyboard's focus stays where it is. */
class Card {
  readonly root = make("li", { className: "card stream" });
  readonly #badge = make("span", { className: "badge" });
  readonly #facts = make("p", { className: "facts" });
  readonly #tracks = make("dd");
  readonly #renditions = make("dd");

  constructor({ name: stream }: StreamInfo) {
    const head = make("div", { className: "stream-head" }, make("h3", { text: stream }), this.#badge);
    const list = make("dl", { className: "lines" });
    list.append(make("dt", { text: "Published" }), this.#tracks, make("dt", { text: "HLS" }), this.#renditions);
    const links = make("p", { className: "actions" });
    links.append(
      link("Watch", `/watch/${stream}`, "button"),
      link("Publish page", `/publish/${stream}`, "button quiet"),
    );
    this.root.append(head, this.#facts, list, links);
  }

  show(stream: StreamInfo): void {
    setText(this.#badge, STATES[stream.state]);
    this.#badge.dataset["state"] = stream.state;
    const since = formatDuration(Date.now() - stream.started_ms);
    setText(this.#facts, `For ${since} · ${countOf(stream.viewers, "WebRTC viewer")}`);
    setText(this.#tracks, describeTracks(stream.tracks));
    setText(this.#renditions, describeRenditions(stream.renditions));
  }
}

function link(text: string, href: string, className: string): HTMLAnchorElement {
  const made = make("a", { text, className });
  made.href = href;
  return made;
}

function show(streams: readonly StreamInfo[]): void {
  shown = streams;
  const names = new Set(streams.map((stream) => stream.name));
  for (const [stream, card] of cards) {
    if (names.has(stream)) continue;
    card.root.remove();
    cards.delete(stream);
  }
  for (const stream of streams) {
    let card = cards.get(stream.name);
    if (card === undefined) {
      card = new Card(stream);
      cards.set(stream.name, card);
      list.append(card.root);
    }
    card.show(stream);
  }
  empty.hidden = streams.length > 0;
  setText(count, streams.length === 0 ? "Nothing is live" : `${countOf(streams.length, "stream")} live`);
}

async function poll(): Promise<void> {
  if (!document.hidden) {
    try {
      show(await fetchStreams());
      setText(trouble, "");
    } catch {
      setText(trouble, "The node does not answer; what is shown may be old.");
    }
  }
  setTimeout(() => void poll(), POLL_EVERY_MS);
}

element("go-live", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const stream = name.value.trim() || name.placeholder;
  if (isStreamName(stream)) location.href = `/publish/${stream}`;
});
name.addEventListener("input", () => {
  const stream = name.value.trim();
  name.setCustomValidity(stream === "" || isStreamName(stream) ? "" : `Allowed are ${NAME_RULE}`);
});
void poll();
expose({ role: "index", ready: true, stats: () => ({ streams: shown }), reset: () => undefined });
