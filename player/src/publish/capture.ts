/** Edge: opens camera, screen or test pattern as a MediaStream. */

import type { NodeClock } from "../clock/node-clock.ts";
import { startPattern } from "../pattern/source.ts";
import type { PublishOptions } from "./options.ts";
import { captureProblem } from "./problems.ts";

export interface Capture {
  readonly stream: MediaStream;
  /** What could not be had, though the rest was; null if nothing is missing. */
  readonly lacks: string | null;
  stop(): void;
}

export interface Devices {
  /** Ids as the browser gives them; empty for its default. */
  readonly camera: string;
  readonly microphone: string;
}

export class CaptureFailed extends Error {
  override readonly name = "CaptureFailed";
}

/** Open the source. Throws `CaptureFailed` with a sentence for people. */
export async function openCapture(
  options: PublishOptions,
  devices: Devices,
  name: string,
  clock: NodeClock,
): Promise<Capture> {
  try {
    if (typeof RTCPeerConnection === "undefined") throw new DOMException("no WebRTC", "NoWebRtc");
    if (options.source === "pattern") return { ...startPattern({ ...options, name }, clock), lacks: null };
    if (!navigator.mediaDevices) throw new DOMException("not a secure context", "InsecureContext");
    return options.source === "screen" ? await openScreen(options) : await openCamera(options, devices);
  } catch (error) {
    const problem = error instanceof DOMException ? error.name : String(error);
    throw new CaptureFailed(captureProblem(options.source, problem), { cause: error });
  }
}

async function openScreen(options: PublishOptions): Promise<Capture> {
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: {
      width: { max: options.width },
      height: { max: options.height },
      frameRate: { ideal: options.framesPerSecond },
    },
    audio: true,
  });
  return whole(stream, stream.getAudioTracks().length === 0 ? "The screen is shared without sound." : null);
}

async function openCamera(options: PublishOptions, devices: Devices): Promise<Capture> {
  const video: MediaTrackConstraints = {
    width: { ideal: options.width },
    height: { ideal: options.height },
    frameRate: { ideal: options.framesPerSecond },
    ...(devices.camera && { deviceId: { exact: devices.camera } }),
  };
  const audio: MediaTrackConstraints | boolean = devices.microphone
    ? { deviceId: { exact: devices.microphone } }
    : true;
  try {
    return whole(await navigator.mediaDevices.getUserMedia({ video, audio }), null);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name === "NotAllowedError") throw error;
    // One of the two is missing or busy; a picture without sound is still worth publishing.
    const silent = await navigator.mediaDevices.getUserMedia({ video }).catch(() => Promise.reject(error));
    return whole(silent, "The microphone cannot be opened: the stream has no sound.");
  }
}

function whole(stream: MediaStream, lacks: string | null): Capture {
  return { stream, lacks, stop: () => stream.getTracks().forEach((track) => track.stop()) };
}

/** Cameras and microphones; without names until the user has allowed one. */
export async function listDevices(): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
}
