/**
 * Pure: how to change from one player to another without a jump in time.
 *
 * The next player runs hidden until it shows the same moment as the shown one, by their capture clocks. One that is
 * ahead is made to go back (HLS seeks, WebRTC lengthens its jitter buffer) until it is a little behind; for one that is
 * behind, the shown picture is held. Holding has no jump in media time however long it lasts, and ends with the frame.
 */

export interface Moments {
  /** Captured when, in ms: what is shown now. Null: nothing is shown, or its clock is not known. */
  readonly shownMs: number | null;
  /** The same of the next player; null: not known. */
  readonly nextMs: number | null;
  /** The shown picture is held already. */
  readonly held: boolean;
  /** Pictures still come to the shown player. */
  readonly shownLives: boolean;
  /** The next player is one whose place can be moved at will (HLS), or delayed up to a limit (WebRTC). */
  readonly next: "seeks" | "delays";
  /** How much more the next player may be delayed. */
  readonly mostDelayMs: number;
}

export type Step =
  | { readonly kind: "wait" }
  | { readonly kind: "swap" }
  | { readonly kind: "hold" }
  | { readonly kind: "go back"; readonly byMs: number }
  | { readonly kind: "hurry" };

const SAME_MS = 20; // less than a picture of 30 fps
const MISSED_MS = 70; // two pictures later than what is held: pictures were dropped, or it has jumped
const BEHIND_MS = 80; // what is made to go back ends up that far behind, and the rest is held
const WORTH_A_SEEK_MS = 300; // of a lost player: what it did not show any more
const LONGEST_HOLD_MS = 12_000; // plain HLS is six seconds behind

/** What to do now; asked for every picture of the next player and several times a second. */
export function nextStep({ shownMs, nextMs, held, shownLives, next, mostDelayMs }: Moments): Step {
  if (shownMs === null || nextMs === null) return { kind: "swap" };
  const aheadMs = nextMs - shownMs;
  if (held && aheadMs < -SAME_MS / 2) return { kind: "wait" };
  if (held && aheadMs <= MISSED_MS) return { kind: "swap" };
  if (aheadMs > SAME_MS) {
    if (!shownLives && (next === "delays" || aheadMs < WORTH_A_SEEK_MS)) return { kind: "swap" };
    const byMs = aheadMs + BEHIND_MS;
    return next === "delays" && byMs > mostDelayMs ? { kind: "hurry" } : { kind: "go back", byMs };
  }
  if (aheadMs >= -SAME_MS / 2) return { kind: "swap" };
  return { kind: aheadMs >= -LONGEST_HOLD_MS ? "hold" : "wait" };
}
