/** Edge: a video file of this machine as a MediaStream, played by the browser. */

import type { Capture } from "./capture.ts";

interface CapturingVideo extends HTMLVideoElement {
  captureStream?(): MediaStream;
}

/** Play the file and capture it. Throws `DOMException`: `NoFile`, `NotSupportedError`, `NoFileCapture`. */
export async function openFile(file: File | null, loop: boolean): Promise<Capture> {
  if (file === null) throw new DOMException("no file is chosen", "NoFile");
  const video: CapturingVideo = document.createElement("video");
  if (!video.captureStream) throw new DOMException("video cannot be captured", "NoFileCapture");
  video.muted = true; // here; what is captured has its sound
  video.playsInline = true;
  video.loop = loop;
  video.src = URL.createObjectURL(file);
  const stop = () => {
    video.pause();
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  };
  const url = video.src;
  try {
    await video.play();
  } catch (error) {
    stop();
    throw error;
  }
  const stream = video.captureStream();
  return {
    stream,
    lacks: stream.getAudioTracks().length === 0 ? "The file has no sound." : null,
    onEnded: (act) => video.addEventListener("ended", act),
    stop() {
      stream.getTracks().forEach((track) => track.stop());
      stop();
    },
  };
}
