/** Edge: what the buttons, the seek bar and the keys do, and what they show. */

import { formatDuration, formatLatency } from "../format.ts";
import type { DateWindow } from "../playback/media-dates.ts";
import { setText } from "../ui/dom.ts";
import type { Director } from "./director.ts";
import { setIcon } from "./icons.ts";
import { type Command, commandOf, type KeyPress } from "./keys.ts";
import type { Menu } from "./menu.ts";
import { fractionAt, instantAfter, instantAt, type SeekView, seekView } from "./seek-model.ts";
import type { Stage } from "./stage.ts";
import type { Thumbnails } from "./thumbnails.ts";
import { nameButton, type View } from "./view.ts";

const IDLE_MS = 3000; // without a touch, until the controls give way to the picture
const NOW_MS = 2000; // latency shown is the median of this long

export interface Scene {
  /** What can be gone back to; null while not known. */
  readonly window: DateWindow | null;
  /** How far behind the live edge this way of watching is when it is live. */
  readonly usualMs: number;
}

export class Controls {
  readonly #view: View;
  readonly #stage: Stage;
  readonly #director: Director;
  readonly #menu: Menu;
  readonly #thumbnails: Thumbnails;
  readonly #start: () => void;
  #scene: Scene = { window: null, usualMs: 0 };
  #seek: SeekView | null = null;
  #dragging = false;
  #pausedAtMs: number | null = null; // the moment of the picture that was paused
  #touchedMs = 0;

  /** `start`: begin to play, the first time. */
  constructor(
    view: View,
    parts: { stage: Stage; director: Director; menu: Menu; thumbnails: Thumbnails },
    start: () => void,
  ) {
    this.#view = view;
    this.#stage = parts.stage;
    this.#director = parts.director;
    this.#menu = parts.menu;
    this.#thumbnails = parts.thumbnails;
    this.#start = start;
    this.#wire();
  }

  /** Twice a second, and after every act. */
  show(scene: Scene): void {
    this.#scene = scene;
    const { view, stage } = { view: this.#view, stage: this.#stage };
    const paused = stage.paused || stage.blocked || stage.shown === null;
    setIcon(view.play.svg, paused ? "play" : "pause");
    nameButton(view.play.button, paused ? "Play" : "Pause");
    setIcon(view.sound.svg, stage.muted ? "muted" : "sound");
    nameButton(view.sound.button, stage.muted ? "Unmute" : "Mute");
    view.volume.value = String(stage.volume);
    view.unmute.hidden = !stage.muted || stage.shown === null || stage.paused || stage.blocked;
    view.start.button.hidden = !stage.blocked;
    view.captions.button.hidden = view.menu.captions.group.hidden;
    view.picture.button.hidden = !stage.canPictureInPicture || stage.shown === null;
    const full = document.fullscreenElement !== null;
    setIcon(view.full.svg, full ? "small" : "full");
    nameButton(view.full.button, full ? "Leave full screen" : "Full screen");
    this.#showSeek();
    this.#menu.show();
    this.#showIdle();
  }

  #showSeek(): void {
    const [view, player] = [this.#view, this.#director.player];
    const capturedMs = player?.capturedMs ?? null;
    this.#seek = seekView(this.#scene.window, capturedMs, this.#scene.usualMs);
    const seek = this.#seek;
    view.seekRow.hidden = seek === null;
    const live = (seek?.live ?? true) && !this.#stage.paused;
    view.live.dataset["live"] = String(live && player?.state === "live");
    nameButton(view.live, live ? "You are watching live" : "Back to live");
    const latency = player?.meter.stats(performance.now() - NOW_MS).p50_ms ?? null;
    setText(view.latency, seek !== null && !seek.live ? seek.label : latency === null ? "" : formatLatency(latency));
    if (seek === null || this.#dragging) return;
    view.seek.max = String(seek.length_s);
    view.seek.value = String(seek.position_s);
    view.seek.setAttribute("aria-valuetext", seek.spoken);
    view.seek.style.setProperty("--played", `${(100 * seek.position_s) / seek.length_s}%`);
  }

  /** The controls hide over a picture that plays, while nobody needs them. */
  #showIdle(): void {
    const busy = this.#menu.open || this.#view.keys.open || this.#stage.paused || this.#stage.shown === null;
    const focused = this.#view.root.matches(":has(:focus-visible)");
    const idle = !busy && !focused && performance.now() - this.#touchedMs > IDLE_MS;
    this.#view.root.dataset["idle"] = String(idle);
  }

  do(command: Command): void {
    switch (command.kind) {
      case "play":
        return this.#togglePlay();
      case "mute":
        return this.#stage.setMuted(!this.#stage.muted);
      case "volume":
        return this.#stage.setVolume(this.#stage.volume + command.by);
      case "seek":
        return this.#seekBy(command.by_s);
      case "start":
        return this.#scene.window === null ? undefined : this.#goTo(this.#scene.window.startMs);
      case "live":
        return this.#goTo(null);
      case "full screen":
        return void this.#stage.toggleFullScreen();
      case "picture in picture":
        return void this.#stage.togglePictureInPicture();
      case "captions":
        return this.#menu.toggleCaptions();
      case "help":
        return this.#view.keys.open ? this.#view.keys.close() : this.#view.keys.showModal();
    }
  }

  #togglePlay(): void {
    const stage = this.#stage;
    if (stage.shown === null) return this.#start();
    if (stage.blocked) return void stage.play();
    if (!stage.paused) {
      this.#pausedAtMs = this.#director.player?.capturedMs ?? null;
      return stage.pause();
    }
    void stage.play();
    // What comes over WebRTC cannot be paused: it goes on, over HLS, from the moment that was left.
    if (stage.shown === "webrtc" && this.#pausedAtMs !== null) this.#director.goTo(this.#pausedAtMs);
  }

  #seekBy(by_s: number): void {
    const capturedMs = this.#director.player?.capturedMs ?? null;
    if (this.#scene.window === null || capturedMs === null || (this.#seek?.live === true && by_s > 0)) return;
    this.#goTo(instantAfter(this.#scene.window, capturedMs, by_s));
  }

  #goTo(dateMs: number | null): void {
    if (dateMs === null) this.#director.goLive();
    else this.#director.goTo(dateMs);
    if (this.#stage.paused) void this.#stage.play();
  }

  #wire(): void {
    const view = this.#view;
    const does = (button: HTMLButtonElement, command: Command) => {
      button.addEventListener("click", () => this.do(command));
    };
    does(view.play.button, { kind: "play" });
    does(view.start.button, { kind: "play" });
    does(view.sound.button, { kind: "mute" });
    does(view.unmute, { kind: "mute" });
    does(view.live, { kind: "live" });
    does(view.full.button, { kind: "full screen" });
    does(view.picture.button, { kind: "picture in picture" });
    does(view.captions.button, { kind: "captions" });
    does(view.help.button, { kind: "help" });
    view.screens.button.addEventListener("click", () => this.#stage.showScreens());
    view.volume.addEventListener("input", () => this.#stage.setVolume(Number(view.volume.value)));
    view.screen.addEventListener("click", (event) => event.target instanceof HTMLVideoElement && this.#togglePlay());
    view.screen.addEventListener("dblclick", () => this.do({ kind: "full screen" }));
    this.#wireSeek();
    for (const event of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      view.root.addEventListener(event, () => this.#touched());
    }
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #wireSeek(): void {
    const { seek, seekRow, preview } = this.#view;
    seek.addEventListener("input", () => {
      this.#dragging = true;
      this.#preview(Number(seek.value) / Number(seek.max));
    });
    seek.addEventListener("change", () => {
      this.#dragging = false;
      const window = this.#scene.window;
      if (window !== null) this.#goTo(instantAt(window, Number(seek.value), Number(seek.max)));
      preview.hidden = true;
    });
    seekRow.addEventListener("pointermove", ({ clientX }) => {
      const { left, width } = seek.getBoundingClientRect();
      this.#preview(fractionAt(clientX, left, width));
    });
    seekRow.addEventListener("pointerleave", () => (preview.hidden = true));
    seek.addEventListener("blur", () => (preview.hidden = true));
  }

  #preview(fraction: number): void {
    const { preview, previewTime } = this.#view;
    const window = this.#scene.window;
    if (window === null || this.#seek === null) return;
    const dateMs = window.startMs + fraction * (window.endMs - window.startMs);
    preview.hidden = false;
    preview.style.setProperty("--at", String(fraction));
    setText(previewTime, fraction >= 1 ? "Live" : `-${formatDuration(window.endMs - dateMs)}`);
    void this.#thumbnails.show(dateMs).then((shown) => shown && (preview.dataset["picture"] = "true"));
  }

  #touched(): void {
    this.#touchedMs = performance.now();
    this.#showIdle();
    void this.#thumbnails.refresh();
  }

  #pressed(event: KeyboardEvent): void {
    if (this.#view.keys.open && event.key !== "?") return;
    const command = commandOf({
      key: event.key,
      modified: event.ctrlKey || event.altKey || event.metaKey,
      focus: focusOf(document.activeElement),
    });
    if (command === null) return;
    event.preventDefault();
    this.do(command);
    this.show(this.#scene);
  }
}

function focusOf(element: Element | null): KeyPress["focus"] {
  if (element instanceof HTMLInputElement) {
    if (element.type === "range") return "slider";
    return element.type === "radio" ? "slider" : "field";
  }
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return "field";
  return element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement ? "button" : "none";
}
