/** Edge: asks the node, again and again, whether a stream is there. The list is asked, for it is never "not found". */

import { fetchStreams, type StreamInfo } from "../api.ts";

const ABSENT_EVERY_MS = 500;
const STARTING_EVERY_MS = 250; // there, and not to be played over both paths yet: a matter of a second or two
const PRESENT_EVERY_MS = 2000;

/** `undefined`: the node does not answer; `null`: there is no such stream. */
export type Sighting = StreamInfo | null | undefined;

/**
 * Tell of the stream at once, and then for ever: every other second while all is well, more often while it begins.
 * Returns what to call to have it looked at now.
 */
export function followStream(name: string, tell: (sighting: Sighting) => void): () => void {
  let next = 0;
  const turn = async () => {
    clearTimeout(next);
    const sighting = await look(name);
    tell(sighting);
    clearTimeout(next);
    next = setTimeout(() => void turn(), waitFor(sighting));
  };
  void turn();
  return () => void turn();
}

function waitFor(sighting: Sighting): number {
  if (!sighting) return ABSENT_EVERY_MS;
  return sighting.state === "starting" || sighting.hls === null ? STARTING_EVERY_MS : PRESENT_EVERY_MS;
}

async function look(name: string): Promise<Sighting> {
  try {
    return (await fetchStreams()).find((stream) => stream.name === name) ?? null;
  } catch {
    return undefined;
  }
}
