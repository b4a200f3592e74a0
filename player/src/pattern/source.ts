/** Edge: the test pattern as a MediaStream: drawn in a worker where the browser can, else into a captured canvas. */

import type { NodeClock } from "../clock/node-clock.ts";
import { startBeep } from "./beep.ts";
import type { Due, ToWorker } from "./messages.ts";
import { PatternPicture } from "./picture.ts";

const CORRECT_EVERY_MS = 1000;

export interface PatternOptions {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly name: string;
}

export interface PatternSource {
  readonly stream: MediaStream;
  stop(): void;
}

export function startPattern(options: PatternOptions, clock: NodeClock): PatternSource {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "test pattern" });
  const video = window.MediaStreamTrackGenerator
    ? generated(worker, options, clock, new window.MediaStreamTrackGenerator({ kind: "video" }))
    : captured(worker, options, clock);
  const beep = startBeep(() => clock.now());
  const timer = setInterval(() => tell(worker, { kind: "correct", offsetMs: clock.offsetMs }), CORRECT_EVERY_MS);
  return {
    stream: new MediaStream([video, beep.track]),
    stop() {
      clearInterval(timer);
      worker.terminate();
      video.stop();
      beep.stop();
    },
  };
}

function generated(
  worker: Worker,
  options: PatternOptions,
  clock: NodeClock,
  track: MediaStreamTrackGenerator,
): MediaStreamTrack {
  const frames = track.writable;
  tell(worker, { kind: "start", ...options, offsetMs: clock.offsetMs, frames }, [frames]);
  return track;
}

function captured(worker: Worker, options: PatternOptions, clock: NodeClock): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  canvas.width = options.width;
  canvas.height = options.height;
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("this browser gives no canvas to draw on");
  const picture = new PatternPicture(context, options.width, options.height, options.name);
  picture.draw(clock.now());
  const [track] = canvas.captureStream(0).getVideoTracks();
  if (track === undefined) throw new Error("this browser captures no canvas");
  worker.onmessage = (_due: MessageEvent<Due>) => {
    picture.draw(clock.now());
    (track as CanvasCaptureMediaStreamTrack).requestFrame();
  };
  tell(worker, { kind: "start", ...options, offsetMs: clock.offsetMs, frames: null });
  return track;
}

function tell(worker: Worker, message: ToWorker, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}
