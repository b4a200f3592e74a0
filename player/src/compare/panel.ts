/** Edge: one path on the compare page: picture, state, figures, sound, and whether it plays at all. */

import { formatLatency } from "../format.ts";
import type { PlayerState } from "../playback/player.ts";
import { Figures, make, setText } from "../ui/dom.ts";
import type { PathMeasurement } from "./measurement.ts";
import { type Path, titleOf } from "./paths.ts";
import { figureTexts, LATENCY_FIGURES, PLAYER_FIGURES } from "./words.ts";

const STATES: Readonly<Record<PlayerState, string>> = {
  waiting: "Waiting for the stream to go live",
  connecting: "Connecting",
  live: "Live",
  stalled: "No new pictures arrive; waiting",
  reconnecting: "Trying again",
  ended: "The broadcast has ended",
  failed: "Cannot be played",
};

export class Panel {
  readonly video: HTMLVideoElement;
  readonly quality: HTMLSelectElement;
  readonly #root: HTMLElement;
  readonly #overlay: HTMLElement;
  readonly #badge: HTMLElement;
  readonly #switch: HTMLInputElement;
  readonly #sound: HTMLButtonElement;
  readonly #figures: Figures;
  #onUnmute: () => void = () => undefined;

  /** Fills the section with a path's id from the template that all of them share. */
  constructor(root: HTMLElement, path: Path, profile: string, template: HTMLTemplateElement) {
    root.append(template.content.cloneNode(true));
    const title = titleOf(path, profile);
    this.#root = root;
    this.video = part(root, "video", HTMLVideoElement);
    this.quality = part(root, ".quality select", HTMLSelectElement);
    this.#overlay = part(root, ".overlay", HTMLElement);
    this.#badge = part(root, ".badge", HTMLElement);
    this.#switch = part(root, ".switch input", HTMLInputElement);
    this.#sound = part(root, ".sound", HTMLButtonElement);
    list(part(root, ".pair", HTMLElement), LATENCY_FIGURES);
    list(part(root, ".figures", HTMLElement), PLAYER_FIGURES);
    this.#figures = new Figures(root);
    part(root, "h2", HTMLElement).id = `${path}-title`;
    setText(part(root, ".title", HTMLElement), title);
    setText(part(root, ".switch .hidden", HTMLElement), title);
    this.video.setAttribute("aria-label", `The stream over ${title}`);
    part(root, ".big", HTMLElement).setAttribute("aria-label", `Latency of ${title}`);
    part(root, ".quality", HTMLElement).hidden = path === "whep"; // as published
    this.#sound.addEventListener("click", () => this.#toggleSound());
    part(root, ".full", HTMLButtonElement).addEventListener("click", () => void fullScreen(this.video));
    for (const event of ["volumechange", "pause", "playing", "ended"]) {
      this.video.addEventListener(event, () => this.#showSound());
    }
  }

  /** A measurement that is finished has no picture and nothing to press. */
  finish(): void {
    this.#root.classList.add("finished");
    for (const gone of this.#root.querySelectorAll(".screen, .actions, .switch, .badge")) gone.remove();
  }

  /** Two players at once would be an echo. */
  onUnmute(act: () => void): void {
    this.#onUnmute = act;
  }

  /** Three decoders are much for a small machine. */
  onSwitch(act: (on: boolean) => void): void {
    this.#switch.addEventListener("change", () => act(this.#switch.checked));
  }

  showState(state: PlayerState, problem: string | null): void {
    this.#root.classList.remove("off");
    this.#switch.checked = true;
    setText(this.#badge, state === "live" ? "Live" : state === "ended" ? "Ended" : "Not live");
    this.#badge.dataset["state"] = state;
    setText(this.#overlay, state === "live" ? "" : overlayText(state, problem));
  }

  showOff(): void {
    this.#root.classList.add("off");
    this.#switch.checked = false;
    setText(this.#badge, "Off");
    delete this.#badge.dataset["state"];
    setText(this.#overlay, "Switched off");
  }

  /** `latency_ms`: the large figure, and what it is. */
  show(measured: PathMeasurement, clockError_ms: number | null, latency_ms: number | null, kind: string): void {
    const latency = formatLatency(latency_ms);
    this.#figures.show({ ...figureTexts(measured, clockError_ms), latency, kind });
  }

  #toggleSound(): void {
    if (this.#sound.textContent === "Play") void this.video.play().catch(() => undefined);
    else this.video.muted = !this.video.muted;
    if (!this.video.muted) this.#onUnmute();
    this.#showSound();
  }

  #showSound(): void {
    const blocked = this.video.paused && !this.video.ended && this.video.readyState > 0;
    setText(this.#sound, blocked ? "Play" : this.video.muted ? "Unmute" : "Mute");
  }
}

function overlayText(state: PlayerState, problem: string | null): string {
  if (problem === null) return STATES[state];
  return state === "failed" ? `${STATES[state]}: ${problem}` : `${STATES[state]} (${problem})`;
}

/** A definition for each figure, to be filled by `Figures`. */
function list(into: HTMLElement, figures: Readonly<Record<string, string>>): void {
  for (const [name, title] of Object.entries(figures)) {
    const value = make("dd");
    value.dataset["figure"] = name;
    into.append(make("div", {}, make("dt", { text: title }), value));
  }
}

function part<T extends Element>(root: Element, selector: string, kind: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`panel without ${selector}`);
  return found;
}

async function fullScreen(video: HTMLVideoElement & { webkitEnterFullscreen?: () => void }): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else if (video.requestFullscreen) await video.requestFullscreen().catch(() => undefined);
  else video.webkitEnterFullscreen?.(); // iPhone
}
