/** Chromium's way of making a video track of frames; other browsers capture a canvas. */
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: "video" });
  readonly writable: WritableStream<VideoFrame>;
}

interface Window {
  MediaStreamTrackGenerator?: typeof MediaStreamTrackGenerator;
}

declare module "*.css";
