/** Pure: what went wrong, in one sentence that says what to do. */

import type { SourceKind } from "./options.ts";

type Source = SourceKind | "microphone";

const DEVICE: Record<Source, string> = {
  camera: "camera",
  microphone: "microphone",
  screen: "screen",
  pattern: "test pattern",
  file: "file",
};

/** Why a source could not be opened; `name` is the DOMException's (W3C Media Capture 10.3.1, or ours). */
export function captureProblem(source: Source, name: string): string {
  const device = DEVICE[source];
  switch (name) {
    case "NotAllowedError":
      return source === "screen"
        ? "Nothing was shared: choose a screen or window and allow it."
        : `The browser does not let this page use the ${device}: allow it in the address bar and start again.`;
    case "NotFoundError":
      return `There is no ${device}: connect one, or publish the test pattern.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${device} cannot be opened: another program may be using it.`;
    case "OverconstrainedError":
      return `The chosen ${device} is not there any more: choose another one.`;
    case "NoFile":
      return "Choose a video file first.";
    case "NotSupportedError":
      return `This browser cannot play the ${device}: try MP4 with H.264, or WebM.`;
    case "NoFileCapture":
      return "This browser cannot publish files: use Chrome, Edge, or `tandem publish` on the command line.";
    case "NoWebRtc":
      return "This browser has no WebRTC, or does not allow it: it cannot publish.";
    case "InsecureContext":
      return `Browsers give the ${device} only to pages from this machine or over HTTPS.`;
    default:
      return `The ${device} cannot be opened (${name}).`;
  }
}

/** What to know about permissions before the source is opened; empty if there is nothing to say. */
export function permissionWords(states: readonly (PermissionState | null)[]): string {
  if (states.includes("denied")) {
    return "The browser blocks camera or microphone for this page: allow them at the icon beside the address.";
  }
  if (states.every((state) => state === "granted")) return "";
  return "The browser will ask before this page sees or hears anything; the devices have names once you allow it.";
}

/** What is happening while the connection is away. */
export function reconnectWords(wasLive: boolean, refusal: { status: number; message: string } | null): string {
  if (!wasLive && refusal === null) {
    return "The node answers, but no media gets through: is its UDP port open? Trying again.";
  }
  if (refusal === null) return "The connection is lost; trying again.";
  if (refusal.status === 0) return "The node does not answer; trying again until it does.";
  return `The node does not take the stream back yet (${refusal.message}); trying again.`;
}

/** Why the node did not take the stream. `status` is that of HTTP, 0 for no answer. */
export function refusalProblem(stream: string, status: number, detail: string): string {
  if (status === 409) return `The name “${stream}” is in use: someone is live under it; choose another name or wait.`;
  if (status === 0) return "The node does not answer: is it running?";
  if (status === 503) return `The node cannot take the stream now: ${detail}.`;
  return `The node refused the stream: ${detail}.`;
}
