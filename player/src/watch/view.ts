/** Edge: the elements of the player, made once; `controls.ts` fills them. */

import { make } from "../ui/dom.ts";
import { icon, type IconName } from "./icons.ts";
import { BINDINGS } from "./keys.ts";

export interface IconButton {
  readonly button: HTMLButtonElement;
  readonly svg: SVGSVGElement;
}

export type View = ReturnType<typeof makeView>;

/** All of the player below `root`. */
export function makeView(root: HTMLElement, stream: string) {
  const videos = { webrtc: makeVideo(stream), hls: makeVideo(stream) };
  const poster = make("div", { className: "poster" });
  const posterVideo = makePicture();
  poster.append(posterVideo);
  const notice = make("p", { className: "notice" });
  notice.setAttribute("role", "status");
  const start = iconButton("play", "Play", "start");
  const unmute = make("button", { className: "unmute", text: "Unmute" });
  unmute.type = "button";
  const screen = make("div", { className: "screen" }, videos.webrtc, videos.hls, poster, notice, start.button, unmute);

  const seek = range("Position in the stream", "seek-range");
  const preview = make("div", { className: "preview" });
  const previewVideo = makePicture();
  const previewTime = make("span");
  preview.append(previewVideo, previewTime);
  preview.hidden = true;
  const seekRow = make("div", { className: "seek" }, preview, seek);

  const play = iconButton("pause", "Pause");
  const sound = iconButton("muted", "Unmute");
  const volume = range("Volume", "volume");
  volume.max = "1";
  volume.step = "0.05";
  const live = make("button", { className: "live", text: "Live" });
  live.type = "button";
  const latency = make("span", { className: "behind" });
  const settings = iconButton("settings", "Settings");
  const captions = iconButton("captions", "Captions");
  const help = iconButton("help", "Keyboard shortcuts");
  const screens = iconButton("screens", "Play on another screen");
  const picture = iconButton("picture", "Picture in picture");
  const full = iconButton("full", "Full screen");
  const space = make("span", { className: "space" });
  const buttons = [settings, captions, help, screens, picture, full].map(({ button }) => button);
  const row = make("div", { className: "row" }, play.button, sound.button, volume, live, latency, space, ...buttons);
  const controls = make("div", { className: "controls" }, seekRow, row);
  controls.setAttribute("role", "group");
  controls.setAttribute("aria-label", "Player controls");

  const menu = makeMenu();
  settings.button.setAttribute("aria-expanded", "false");
  settings.button.setAttribute("aria-controls", menu.panel.id);
  const keys = makeKeyList();
  root.append(screen, controls, menu.panel, keys);
  return {
    root,
    ...{ screen, videos, poster, posterVideo, notice, start, unmute },
    ...{ seekRow, seek, preview, previewVideo, previewTime },
    ...{ controls, play, sound, volume, live, latency, settings, captions, help, screens, picture, full },
    ...{ menu, keys },
  };
}

function makeVideo(stream: string): HTMLVideoElement {
  const video = make("video");
  video.playsInline = true;
  video.muted = true;
  video.dataset["part"] = "resting";
  video.setAttribute("aria-label", `Live picture of ${stream}`);
  return video;
}

/** One that only ever shows a still. */
function makePicture(): HTMLVideoElement {
  const video = make("video");
  video.playsInline = true;
  video.muted = true;
  video.disablePictureInPicture = true;
  video.setAttribute("aria-hidden", "true");
  video.tabIndex = -1;
  return video;
}

export function iconButton(name: IconName, label: string, className = "icon"): IconButton {
  const button = make("button", { className });
  const svg = icon(name);
  button.type = "button";
  button.append(svg);
  nameButton(button, label);
  return { button, svg };
}

/** Name a button for everybody. */
export function nameButton(button: HTMLButtonElement, label: string): void {
  if (button.title === label) return;
  button.title = label;
  button.setAttribute("aria-label", label);
}

function range(label: string, className: string): HTMLInputElement {
  const input = make("input", { className });
  input.type = "range";
  input.min = "0";
  input.setAttribute("aria-label", label);
  return input;
}

export interface Choices {
  readonly group: HTMLFieldSetElement;
  readonly list: HTMLElement;
}

function makeMenu() {
  const panel = make("div", { className: "menu" });
  panel.id = "player-menu";
  panel.hidden = true;
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "Settings");
  const [path, quality, captions] = [choices("Delivery"), choices("Quality"), choices("Captions")];
  const pathLine = make("p", { className: "muted small" });
  path.group.append(pathLine);
  panel.append(path.group, quality.group, captions.group);
  return { panel, path, pathLine, quality, captions };
}

function choices(title: string): Choices {
  const list = make("div", { className: "options" });
  return { group: make("fieldset", {}, make("legend", { text: title }), list), list };
}

function makeKeyList(): HTMLDialogElement {
  const list = make("dl");
  for (const { shown, does } of BINDINGS) {
    list.append(make("div", {}, make("dt", {}, make("kbd", { text: shown })), make("dd", { text: does })));
  }
  const close = make("button", { className: "button quiet", text: "Close" });
  close.type = "button";
  const dialog = make("dialog", { className: "keys" }, make("h2", { text: "Keyboard shortcuts" }), list, close);
  dialog.setAttribute("aria-label", "Keyboard shortcuts");
  close.addEventListener("click", () => dialog.close());
  return dialog;
}
