/** Edge: plays one recording; a bar below it shows where one would land. */

import type Hls from "hls.js";
import type { RecordingInfo } from "../api.ts";
import { formatDuration } from "../format.ts";
import { element, setText } from "../ui/dom.ts";
import { loadEngine } from "../playback/hls-engine.ts";
import { parseTiles, tileAt, type Tile } from "./tiles.ts";

const video = element("video", HTMLVideoElement);
const position = element("position", HTMLInputElement);
const tileBox = element("tile", HTMLElement);
const tileTime = element("tile-time", HTMLElement);
const trouble = element("player-trouble", HTMLElement);
let engine: Hls | null = null;
let tiles: readonly Tile[] = [];
let sheets = "";

/** Play a recording that has a playlist, in place of the one before. */
export async function play(recording: RecordingInfo & { hls: string }): Promise<void> {
  element("player", HTMLElement).hidden = false;
  setText(element("playing", HTMLElement), recording.stream);
  setText(trouble, "");
  engine?.destroy();
  engine = null;
  video.poster = recording.poster ?? "";
  tiles = [];
  const Engine = await loadEngine();
  if (Engine === null) {
    video.src = recording.hls;
  } else {
    engine = new Engine({ enableWorker: false });
    engine.on(Engine.Events.ERROR, (_event, { fatal, details }) => {
      if (fatal) setText(trouble, `This recording cannot be played: ${details}.`);
    });
    engine.loadSource(recording.hls);
    engine.attachMedia(video);
  }
  if (recording.thumbnails !== null) {
    const response = await fetch(recording.thumbnails);
    if (response.ok) tiles = parseTiles(await response.text());
    sheets = recording.thumbnails.slice(0, recording.thumbnails.lastIndexOf("/") + 1);
  }
}

/** What is played now, for tests. */
export function playing(): object {
  const { currentTime, duration, seeking } = video;
  return { currentTime, duration, seeking, tiles: tiles.length, tile: tileBox.hidden ? null : tileTime.textContent };
}

function showTile(share: number): void {
  const time_s = share * video.duration;
  const tile = tileAt(tiles, time_s);
  tileBox.hidden = tile === undefined;
  if (tile === undefined) return;
  tileBox.style.left = `${share * 100}%`;
  tileBox.style.width = `${tile.width}px`;
  tileBox.style.height = `${tile.height}px`;
  tileBox.style.backgroundImage = `url("${sheets}${tile.sheet}")`;
  tileBox.style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
  setText(tileTime, formatDuration(time_s * 1000));
}

position.addEventListener("pointermove", (event) => {
  const { left, width } = position.getBoundingClientRect();
  showTile(Math.min(1, Math.max(0, (event.clientX - left) / width)));
});
position.addEventListener("pointerleave", () => (tileBox.hidden = true));
position.addEventListener("blur", () => (tileBox.hidden = true));
position.addEventListener("input", () => {
  video.currentTime = Number(position.value);
  showTile(video.currentTime / video.duration);
});
video.addEventListener("durationchange", () => (position.max = String(video.duration || 1)));
video.addEventListener("timeupdate", () => {
  position.value = String(video.currentTime);
  position.setAttribute("aria-valuetext", formatDuration(video.currentTime * 1000));
});
