/** Edge: calls back for presented frames, and reads the time code of some. */

import { decodeCells, readCells, readLumaCells, SAMPLE, stripBox, stripRows } from "../latency/timecode.ts";

const READ_EVERY_MS = 150;
const SOONEST_FRAME_MS = 50; // a display time further ahead than this is no estimate to be used
const LUMA_FIRST = new Set<string | null>(["I420", "I420A", "I422", "I444", "NV12"]); // 8 bit, the luma plane in front

export interface PresentedFrame {
  /** When it is on the screen, as far as the browser can tell; Unix time of the page in ms. */
  readonly presentedMs: number;
  /** When it was given to the compositor, on the same clock. */
  readonly composedMs: number;
  /** When its last packet was here, on the same clock; null over HLS, and where the browser does not tell. */
  readonly receivedMs: number | null;
  /** How long the decoder had it; null where the browser does not tell. */
  readonly decodeMs: number | null;
  /** Its time in the media, in seconds. */
  readonly mediaTime_s: number;
  /** Milliseconds of the time code, null if there is none. */
  readonly codeMs: number | null;
}

export interface FrameInstant {
  /** When it is on the screen, as far as the browser can tell; Unix time of the page in ms. */
  readonly presentedMs: number;
  readonly mediaTime_s: number;
  /** Of a frame that came over WebRTC, where the browser tells. */
  readonly rtpTimestamp: number | null;
}

/** Report every presented frame; without requestVideoFrameCallback whatever is shown when the screen is drawn. */
export function followFrames(video: HTMLVideoElement, tell: (frame: FrameInstant) => void): void {
  if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
    const turn = (nowMs: number, frame: VideoFrameCallbackMetadata) => {
      const presentedMs = performance.timeOrigin + soonest(nowMs, frame.expectedDisplayTime);
      tell({ presentedMs, mediaTime_s: frame.mediaTime, rtpTimestamp: frame.rtpTimestamp ?? null });
      video.requestVideoFrameCallback(turn);
    };
    video.requestVideoFrameCallback(turn);
  } else {
    const turn = (nowMs: number) => {
      if (!video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const presentedMs = performance.timeOrigin + nowMs;
        tell({ presentedMs, mediaTime_s: video.currentTime, rtpTimestamp: null });
      }
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }
}

function soonest(nowMs: number, presentedMs: number): number {
  return Math.min(Math.max(presentedMs, nowMs), nowMs + SOONEST_FRAME_MS);
}

/** Report a presented frame about six times a second. Works with and without requestVideoFrameCallback. */
export function watchFrames(video: HTMLVideoElement, tell: (frame: PresentedFrame) => void): void {
  const strip = new StripReader();
  const presented = async (nowMs: number, frame: Partial<VideoFrameCallbackMetadata>) => {
    const { expectedDisplayTime = nowMs, mediaTime = video.currentTime, presentationTime = nowMs } = frame;
    const { receiveTime, processingDuration } = frame;
    const ahead = soonest(nowMs, expectedDisplayTime);
    const codeMs = await strip.read(video);
    tell({
      presentedMs: performance.timeOrigin + ahead,
      composedMs: performance.timeOrigin + Math.min(presentationTime, ahead),
      receivedMs: receiveTime === undefined ? null : performance.timeOrigin + receiveTime,
      decodeMs: processingDuration === undefined ? null : processingDuration * 1000,
      mediaTime_s: mediaTime,
      codeMs,
    });
  };
  if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
    const turn = (_now: number, frame: VideoFrameCallbackMetadata) => {
      void presented(performance.now(), frame);
      setTimeout(() => video.requestVideoFrameCallback(turn), READ_EVERY_MS);
    };
    video.requestVideoFrameCallback(turn);
  } else {
    setInterval(() => {
      const nowMs = performance.now();
      if (!video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        void presented(nowMs, {});
      }
    }, READ_EVERY_MS);
  }
}

/**
 * Reads only the strip: a few rows of the decoded frame's luma where the browser gives them (WebCodecs); else through a
 * canvas, which makes Chromium convert the whole picture (4 ms at 720p without a GPU, against less than 0.1).
 */
export class StripReader {
  readonly #context: CanvasRenderingContext2D | null;
  #luma = new Uint8Array(0);

  constructor() {
    const canvas = document.createElement("canvas");
    canvas.width = SAMPLE.width;
    canvas.height = SAMPLE.height;
    this.#context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  }

  /** The picture is taken before the first wait: what is read is what was presented. */
  async read(video: HTMLVideoElement): Promise<number | null> {
    if (video.videoWidth === 0) return null;
    const frame = frameOf(video);
    try {
      if (frame === null || !LUMA_FIRST.has(frame.format)) return this.#readDrawn(video);
      return await this.#readLuma(frame);
    } finally {
      frame?.close();
    }
  }

  async #readLuma(frame: VideoFrame): Promise<number | null> {
    const { x, y, width, height } = frame.visibleRect ?? new DOMRectReadOnly(0, 0, frame.codedWidth, frame.codedHeight);
    const rows = stripRows(width, height);
    const rect = { ...rows, x: x + rows.x, y: y + rows.y };
    const bytes = frame.allocationSize({ rect });
    if (this.#luma.length < bytes) this.#luma = new Uint8Array(bytes);
    const [plane] = await frame.copyTo(this.#luma, { rect });
    if (plane === undefined) return null;
    return decodeCells(readLumaCells(this.#luma.subarray(plane.offset), plane.stride, rows));
  }

  #readDrawn(video: HTMLVideoElement): number | null {
    if (this.#context === null) return null;
    const from = stripBox(video.videoWidth, video.videoHeight);
    this.#context.drawImage(video, from.x, from.y, from.width, from.height, 0, 0, SAMPLE.width, SAMPLE.height);
    return decodeCells(readCells(this.#context.getImageData(0, 0, SAMPLE.width, SAMPLE.height).data));
  }
}

/** The frame that is shown; null where the browser does not give it. */
function frameOf(video: HTMLVideoElement): VideoFrame | null {
  try {
    return typeof VideoFrame === "undefined" ? null : new VideoFrame(video);
  } catch {
    return null; // no frame to be had just now
  }
}
