/** Edge: the node's clock, as this page knows it. */

import { fetchNodeTime } from "../api.ts";
import { ClockFilter } from "./sync.ts";

const FIRST_REQUESTS = 3; // waited for
const MORE_REQUESTS = 6; // right after them
const EVERY_MS = 10_000;

/** Unix time of this page, in ms; runs steadily, unlike Date.now(). */
export function pageNow(): number {
  return performance.timeOrigin + performance.now();
}

export class NodeClock {
  readonly #filter = new ClockFilter();
  #offsetMs = 0;

  /** Ask a few times, and then again and again. Resolves after the first few, whether or not they were answered. */
  async start(): Promise<void> {
    for (let request = 0; request < FIRST_REQUESTS; request++) await this.#ask();
    void this.#askMore();
    setInterval(() => void this.#ask(), EVERY_MS);
    document.addEventListener("visibilitychange", () => void this.#ask());
  }

  /** To add to the page's Unix time, in ms. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** How far the offset may be wrong, either way, in ms, rounded up to a tenth; null before the node has answered. */
  get errorMs(): number | null {
    const estimate = this.#filter.estimate(pageNow());
    return estimate === null ? null : Math.ceil(estimate.errorMs * 10) / 10;
  }

  /** Unix time of the node, in ms. */
  now(): number {
    return pageNow() + this.#offsetMs;
  }

  async #askMore(): Promise<void> {
    for (let request = 0; request < MORE_REQUESTS; request++) await this.#ask();
  }

  async #ask(): Promise<void> {
    const sentMs = pageNow();
    try {
      const nodeMs = await fetchNodeTime();
      this.#filter.add({ sentMs, receivedMs: pageNow(), nodeMs });
    } catch {
      return; // the node is away; the next request will tell
    }
    this.#offsetMs = this.#filter.estimate(pageNow())?.offsetMs ?? 0;
  }
}
