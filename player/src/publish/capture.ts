/** Edge: opens camera, screen, test pattern or file as a MediaStream. */

import type { NodeClock } from "../clock/node-clock.ts";
import { startPattern } from "../pattern/source.ts";
import { openFile } from "./file-source.ts";
import { type Devices, NO_DEVICE, type PublishOptions } from "./options.ts";
import { captureProblem } from "./problems.ts";

export interface Capture {
  readonly stream: MediaStream;
  /** What could not be had, though the rest was; null if nothing is missing. */
  readonly lacks: string | null;
  /** Call when the source has come to its end by itself: the file is over, the sharing was stopped. */
  onEnded(act: () => void): void;
  stop(): void;
}

/** Everything that says what to open. */
export interface Choice {
  readonly options: PublishOptions;
  readonly devices: Devices;
  readonly file: File | null;
}

export class CaptureFailed extends Error {
  override readonly name = "CaptureFailed";
}

/** Open the source. Throws `CaptureFailed` with a sentence for people. */
export async function openCapture(choice: Choice, name: string, clock: NodeClock): Promise<Capture> {
  const { options, devices, file } = choice;
  try {
    if (typeof RTCPeerConnection === "undefined") throw new DOMException("no WebRTC", "NoWebRtc");
    switch (options.source) {
      case "pattern":
        return { ...startPattern({ ...options, name }, clock), lacks: null, onEnded: () => undefined };
      case "file":
        return await openFile(file, options.loop);
      case "screen":
        return await openScreen(options);
      case "camera":
        return await openCamera(options, devices);
    }
  } catch (error) {
    throw failure(error, options.source);
  }
}

/** Open one other camera or microphone. Throws `CaptureFailed`. */
export async function openDevice(kind: "audio" | "video", { options, devices }: Choice): Promise<MediaStreamTrack> {
  const wanted = kind === "video" ? { video: videoOf(options, devices) } : { audio: audioOf(devices) };
  try {
    const [track] = (await media().getUserMedia(wanted)).getTracks();
    if (track === undefined) throw new DOMException("no track", "NotFoundError");
    return track;
  } catch (error) {
    throw failure(error, kind === "video" ? "camera" : "microphone");
  }
}

function failure(error: unknown, source: PublishOptions["source"] | "microphone"): CaptureFailed {
  const problem = error instanceof DOMException ? error.name : String(error);
  return new CaptureFailed(captureProblem(source, problem), { cause: error });
}

function media(): MediaDevices {
  if (!navigator.mediaDevices) throw new DOMException("not a secure context", "InsecureContext");
  return navigator.mediaDevices;
}

async function openScreen(options: PublishOptions): Promise<Capture> {
  const stream = await media().getDisplayMedia({
    video: {
      width: { max: options.width },
      height: { max: options.height },
      frameRate: { ideal: options.framesPerSecond },
    },
    audio: true,
  });
  return {
    ...whole(stream, stream.getAudioTracks().length === 0 ? "The screen is shared without sound." : null),
    onEnded: (act) => stream.getVideoTracks()[0]?.addEventListener("ended", act),
  };
}

function videoOf(options: PublishOptions, devices: Devices): MediaTrackConstraints {
  return {
    width: { ideal: options.width },
    height: { ideal: options.height },
    frameRate: { ideal: options.framesPerSecond },
    ...(devices.camera && { deviceId: { exact: devices.camera } }),
  };
}

function audioOf(devices: Devices): MediaTrackConstraints | boolean {
  if (devices.microphone === NO_DEVICE) return false;
  return devices.microphone ? { deviceId: { exact: devices.microphone } } : true;
}

async function openCamera(options: PublishOptions, devices: Devices): Promise<Capture> {
  const [video, audio] = [videoOf(options, devices), audioOf(devices)];
  try {
    return whole(await media().getUserMedia({ video, audio }), null);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name === "NotAllowedError" || !audio) throw error;
    // One of the two is missing or busy; a picture without sound is still worth publishing.
    const silent = await media()
      .getUserMedia({ video })
      .catch(() => Promise.reject(error));
    return whole(silent, "The microphone cannot be opened: the stream has no sound.");
  }
}

function whole(stream: MediaStream, lacks: string | null): Capture {
  return {
    stream,
    lacks,
    onEnded: () => undefined,
    stop: () => stream.getTracks().forEach((track) => track.stop()),
  };
}
