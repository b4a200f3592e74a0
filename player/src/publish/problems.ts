/** Pure: what went wrong, in one sentence that says what to do. */

import type { SourceKind } from "./options.ts";

const DEVICE: Record<SourceKind, string> = { camera: "camera", screen: "screen", pattern: "test pattern" };

/** Why a source could not be opened; `name` is the DOMException's (W3C Media Capture 10.3.1). */
export function captureProblem(source: SourceKind, name: string): string {
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
    case "NoWebRtc":
      return "This browser has no WebRTC, or does not allow it: it cannot publish.";
    case "InsecureContext":
      return `Browsers give the ${device} only to pages from this machine or over HTTPS.`;
    default:
      return `The ${device} cannot be opened (${name}).`;
  }
}

/** Why the node did not take the stream. `status` is that of HTTP, 0 for no answer. */
export function refusalProblem(stream: string, status: number, detail: string): string {
  if (status === 409) return `The name “${stream}” is in use: someone is live under it; choose another name or wait.`;
  if (status === 0) return "The node does not answer: is it running?";
  if (status === 503) return `The node cannot take the stream now: ${detail}.`;
  return `The node refused the stream: ${detail}.`;
}
