/**
 * Pure: what to do about a connection that is not there, and when.
 *
 * A short loss heals by itself; then ICE is restarted, which keeps the session; when that is not taken or does not help,
 * a new session takes the old one's place, again and again. The node waits about twelve seconds for a publisher that went
 * without a word (its `consent_timeout_s` and `publisher_grace_s`): one that is back by then goes on in the same HLS
 * session, so both ways have been tried before.
 *
 * Each event is answered with the next step, which takes the place of the one before; null leaves that as it is.
 */

import { Backoff } from "../signalling/backoff.ts";

export const CONNECT_MS = 10_000; // until a first connection is given up
export const HEAL_MS = 500; // Chromium says `disconnected` 3 to 5 s after the last answer
export const RESTART_MS = 3000; // a restart that helps takes one round trip
const PAUSE_MOST_MS = 3000; // shorter than the node's grace: one that is reached again is asked in time

export type Step =
  | { readonly kind: "rest" }
  | { readonly kind: "restart"; readonly inMs: number }
  | { readonly kind: "anew"; readonly inMs: number };

type Phase = "connecting" | "live" | "healing" | "restarting" | "restarted" | "anew";

export class ReconnectPlan {
  readonly #backoff = new Backoff(PAUSE_MOST_MS);
  #phase: Phase = "connecting";

  /** The node took an offer. */
  answered(): Step {
    return { kind: "anew", inMs: CONNECT_MS };
  }

  connected(): Step {
    this.#phase = "live";
    this.#backoff.succeeded();
    return { kind: "rest" };
  }

  /** The browser misses answers. */
  disconnected(): Step | null {
    if (this.#phase !== "live") return null;
    this.#phase = "healing";
    return { kind: "restart", inMs: HEAL_MS };
  }

  /** The browser has given the connection up. */
  failed(): Step | null {
    if (this.#phase === "live" || this.#phase === "healing") return this.#restart(0);
    return this.#phase === "restarting" ? null : this.#anew(this.#backoff.failed());
  }

  /** The node took the restart. */
  restarted(): Step {
    this.#phase = "restarted";
    return { kind: "anew", inMs: RESTART_MS };
  }

  /** The node did not: status of HTTP, 0 for no answer, which says nothing about the session. */
  restartRefused(status: number): Step {
    return status === 0 ? this.#restart(this.#backoff.failed()) : this.#anew(0);
  }

  /** The node did not take the offer of a new session, but may take a later one. */
  refused(retryAfter_s: number | null): Step {
    return this.#anew(this.#backoff.failed(retryAfter_s));
  }

  /** The machine has a network again: waiting any longer gains nothing. */
  networkBack(): Step | null {
    if (this.#phase === "live" || this.#phase === "connecting") return null;
    return this.#phase === "anew" ? this.#anew(0) : this.#restart(0);
  }

  #restart(inMs: number): Step {
    this.#phase = "restarting";
    return { kind: "restart", inMs };
  }

  #anew(inMs: number): Step {
    this.#phase = "anew";
    return { kind: "anew", inMs };
  }
}
