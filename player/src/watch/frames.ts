/** Edge: calls back for presented frames, and reads the time code of some. */

import { decodeCells, readCells, SAMPLE, stripBox } from "../latency/timecode.ts";

const READ_EVERY_MS = 150;
const SOONEST_FRAME_MS = 50; // a display time further ahead than this is no estimate to be used

export interface PresentedFrame {
  /** When it is on the screen, as far as the browser can tell; Unix time of the page in ms. */
  readonly presentedMs: number;
  /** Its time in the media, in seconds. */
  readonly mediaTime_s: number;
  /** Milliseconds of the time code, null if there is none. */
  readonly codeMs: number | null;
}

/** Report a presented frame about six times a second. Works with and without requestVideoFrameCallback. */
export function watchFrames(video: HTMLVideoElement, tell: (frame: PresentedFrame) => void): void {
  const strip = new StripReader();
  let nextMs = 0;
  const presented = (nowMs: number, presentedMs: number, mediaTime_s: number) => {
    if (nowMs < nextMs) return;
    nextMs = nowMs + READ_EVERY_MS;
    const ahead = Math.min(Math.max(presentedMs, nowMs), nowMs + SOONEST_FRAME_MS);
    tell({ presentedMs: performance.timeOrigin + ahead, mediaTime_s, codeMs: strip.read(video) });
  };
  if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
    const turn = (_now: number, frame: VideoFrameCallbackMetadata) => {
      presented(performance.now(), frame.expectedDisplayTime, frame.mediaTime);
      video.requestVideoFrameCallback(turn);
    };
    video.requestVideoFrameCallback(turn);
  } else {
    const turn = () => {
      const nowMs = performance.now();
      if (!video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        presented(nowMs, nowMs, video.currentTime);
      }
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }
}

/** Reads only the strip, scaled down to a few pixels. */
class StripReader {
  readonly #context: CanvasRenderingContext2D | null;

  constructor() {
    const canvas = document.createElement("canvas");
    canvas.width = SAMPLE.width;
    canvas.height = SAMPLE.height;
    this.#context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  }

  read(video: HTMLVideoElement): number | null {
    if (this.#context === null || video.videoWidth === 0) return null;
    const from = stripBox(video.videoWidth, video.videoHeight);
    this.#context.drawImage(video, from.x, from.y, from.width, from.height, 0, 0, SAMPLE.width, SAMPLE.height);
    return decodeCells(readCells(this.#context.getImageData(0, 0, SAMPLE.width, SAMPLE.height).data));
  }
}
