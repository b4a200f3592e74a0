/** Pure: what the player says of itself. */

import type { PlayerState } from "../playback/player.ts";
import type { Sighting } from "../playback/stream-feed.ts";
import type { Path, Preference } from "./choice.ts";

export const PATH_NAMES: Readonly<Record<Path, string>> = {
  webrtc: "WebRTC",
  "ll-hls": "Low-Latency HLS",
  hls: "HLS",
};

export interface Situation {
  /** The browser has a network at all. */
  readonly online: boolean;
  readonly sighting: Sighting;
  /** Of the shown player; null while none is shown. */
  readonly state: PlayerState | null;
  readonly problem: string | null;
  /** Something has been shown of this broadcast. */
  readonly shown: boolean;
  /** The browser allows no HLS and no WebRTC. */
  readonly impossible: boolean;
}

/** Over the picture: what is the matter, and what is being done about it; empty when it plays. */
export function noticeOf({ online, sighting, state, problem, shown, impossible }: Situation): string {
  if (impossible) return "This browser plays neither WebRTC nor HLS.";
  if (state === "live") return "";
  if (!online) return "You are offline. It goes on when the network is back.";
  if (sighting === undefined) return "The server does not answer. Trying again.";
  if (sighting === null) {
    return shown
      ? "The broadcast has ended. It starts here when there is another."
      : "Not live yet. It starts here by itself.";
  }
  if (sighting.state === "interrupted") return "The publisher has lost the connection. Waiting for it.";
  if (sighting.state === "starting") return "The broadcast is about to start.";
  if (state === "failed") return problem ?? "It cannot be played here.";
  if (state === "stalled" || state === "reconnecting") return "Reconnecting.";
  return "Connecting.";
}

/** In the menu, beside "Automatic": what is used now. */
export function pathLine(path: Path | null, preference: Preference, next: Path | null): string {
  if (next !== null && path !== null) return `Changing to ${PATH_NAMES[next]}`;
  if (path === null) return "";
  const instead =
    preference !== "auto" && preference !== path ? `, for ${PATH_NAMES[preference]} does not work now` : "";
  return `Over ${PATH_NAMES[path]}${instead}`;
}

export interface Badge {
  readonly text: string;
  readonly state: "live" | "waiting" | "ended" | "behind";
}

/** What the badge beside the name says. */
export function badgeOf(sighting: Sighting, live: boolean, shown: boolean): Badge {
  if (!sighting)
    return shown && sighting === null ? { text: "Ended", state: "ended" } : { text: "Offline", state: "waiting" };
  if (sighting.state !== "live")
    return { text: sighting.state === "starting" ? "Starting" : "Interrupted", state: "waiting" };
  return live ? { text: "Live", state: "live" } : { text: "Rewound", state: "behind" };
}

/** HTML that shows the player on another page. */
export function embedSnippet(url: string, stream: string): string {
  const title = `${stream} live`;
  return `<iframe src="${url}" title="${title}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" style="border:0"></iframe>`;
}
