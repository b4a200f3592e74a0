/**
 * Edge: the pattern's own thread. A hidden page's timers run once a second; a worker's go on, and so does the picture.
 */

import type { Due, Start, ToWorker } from "./messages.ts";
import { Pacer } from "./pacing.ts";
import { PatternPicture } from "./picture.ts";

let offsetMs = 0;

function unixNow(): number {
  return performance.timeOrigin + performance.now();
}

function onEveryFrame(framesPerSecond: number, act: () => void): void {
  const pacer = new Pacer(performance.now(), framesPerSecond);
  const turn = () => {
    act();
    setTimeout(turn, pacer.next(performance.now()));
  };
  turn();
}

function drawInto(frames: WritableStream<VideoFrame>, { width, height, name, framesPerSecond }: Start): void {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("no canvas to draw on");
  const picture = new PatternPicture(context, width, height, name);
  const writer = frames.getWriter();
  onEveryFrame(framesPerSecond, () => {
    if ((writer.desiredSize ?? 0) <= 0) return; // the track is behind: leave this one out
    picture.draw(unixNow() + offsetMs);
    const frame = new VideoFrame(canvas, { timestamp: Math.round(performance.now() * 1000) });
    writer.write(frame).catch(() => self.close()); // the track was stopped
  });
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  offsetMs = data.offsetMs;
  if (data.kind === "correct") return;
  if (data.frames !== null) drawInto(data.frames, data);
  else onEveryFrame(data.framesPerSecond, () => self.postMessage({ kind: "due" } satisfies Due));
};
