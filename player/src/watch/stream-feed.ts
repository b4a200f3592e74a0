/** Edge: asks the node, again and again, whether a stream is there. The list is asked, for it is never "not found". */

import { fetchStreams, type StreamInfo } from "../api.ts";

const ABSENT_EVERY_MS = 1000;
const PRESENT_EVERY_MS = 2000;

/** `undefined`: the node does not answer; `null`: there is no such stream. */
export type Sighting = StreamInfo | null | undefined;

/** Tell of the stream at once and then every other second, for ever. */
export function followStream(name: string, tell: (sighting: Sighting) => void): void {
  const turn = async () => {
    const sighting = await look(name);
    tell(sighting);
    setTimeout(() => void turn(), sighting ? PRESENT_EVERY_MS : ABSENT_EVERY_MS);
  };
  void turn();
}

async function look(name: string): Promise<Sighting> {
  try {
    return (await fetchStreams()).find((stream) => stream.name === name) ?? null;
  } catch {
    return undefined;
  }
}
