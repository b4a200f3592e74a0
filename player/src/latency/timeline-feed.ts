/** Edge: asks the node, again and again, when the pictures of a stream passed its stages, for the players' accounts. */

import { fetchTimeline } from "../api.ts";
import type { NodeClock } from "../clock/node-clock.ts";
import type { Player } from "../playback/player.ts";
import { Account } from "./account.ts";
import type { Timeline } from "./timeline.ts";
import type { Path } from "./waterfall.ts";

const EVERY_MS = 1000;
const BACK_MS = 4000; // of pictures asked for, which is under 60 KB; a player further behind has no waterfall

export class TimelineFeed {
  readonly #stream: string;
  readonly #clock: NodeClock;
  readonly #accounts: { account: Account; player: Player }[] = [];

  constructor(stream: string, clock: NodeClock) {
    this.#stream = stream;
    this.#clock = clock;
    setInterval(() => void this.#turn(), EVERY_MS);
  }

  /** Keep account of a player's pictures from now on. */
  keep(path: Path, player: Player): Account {
    const account = new Account(path);
    player.onShown = (picture) => account.shown(picture);
    this.#accounts.push({ account, player });
    return account;
  }

  async #turn(): Promise<void> {
    if (document.hidden || !this.#accounts.some(({ account }) => account.waiting > 0)) return;
    const asked_ms = this.#clock.now();
    const timeline = await this.#ask(asked_ms - BACK_MS);
    if (timeline === null) return;
    for (const { account, player } of this.#accounts) account.complete(timeline, asked_ms, player.stats.roundTrip_ms);
  }

  async #ask(after_ms: number): Promise<Timeline | null> {
    try {
      return await fetchTimeline(this.#stream, after_ms);
    } catch {
      return null; // the stream is over, or the node is away
    }
  }
}
