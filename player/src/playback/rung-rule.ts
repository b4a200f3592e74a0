/**
 * Pure: which rung to load at low latency.
 *
 * With a second in the buffer what counts is whether each part is there before the next one is due: the wait for its
 * first byte and the time of its bytes must fit into the time it plays. Down as soon as that fails and costs buffer,
 * however far is needed at once. Up one rung at a time, and only after it would have fitted well for a while, which is
 * longer each time going up has proved wrong: that is what keeps it from going up and down for ever.
 *
 * Parts in the middle of a segment do not stand alone: who changes there loads the segment again from its first part.
 * So it goes up between segments only; and down within one where the buffer lasts for that, or where the rest of the
 * segment would take longer still.
 */

/** A part, or a segment, that was loaded. */
export interface Loaded {
  readonly bits: number;
  /** From asking to the first byte, and from there to the last. */
  readonly wait_s: number;
  readonly transfer_s: number;
}

export interface Place {
  /** Index of the rung that is loaded; the lowest is 0. */
  readonly rung: number;
  readonly part_s: number;
  /** Buffered ahead. */
  readonly forward_s: number;
  /** Of the segment that is being loaded: 0 between segments. */
  readonly partsLoaded: number;
  readonly partsInSegment: number;
}

const FITS_DOWN = 0.75; // of the time there is for a part: stay; a second of buffer bears that such a link halves
const FITS_AFTER_DOWN = 0.7; // go down to where there is something to spare
const FITS_UP = 0.6; // would have fitted well
const SAFE_SHARE = 0.65; // of what is buffered: it may be used up by a change
const CALM_PARTS = 2; // buffered when a part is there: nothing is urgent
const LEAST_BUDGET = 0.5; // of a part: waits longer than that are no reason to go lower, fewer bytes do not shorten them
const FAST_PIECES = 0.3; // half-lives of the two averages: the first finds a link that has halved by the first part,
const SLOW_PIECES = 12; // the second keeps one good part from looking like a good link
const WAITS_KEPT = 30;
const UP_AFTER_S = 8;
const LONGEST_UP_AFTER_S = 120;
const REGRET_S = 30; // down so soon after up: it was wrong
const SHORTEST_S = 1e-4; // of a transfer that came at one blow

export class RungRule {
  readonly #rates_bps: readonly number[];
  readonly #fast = new Average(FAST_PIECES);
  readonly #slow = new Average(SLOW_PIECES);
  #waits_s: number[] = [];
  #fitsSince_s: number | null = null;
  #upAfter_s = UP_AFTER_S;
  #wentUp_s = -Infinity;
  #regretted = false;

  /** Bit rates of the rungs with all that is loaded beside the pictures, the lowest first. */
  constructor(rates_bps: readonly number[]) {
    this.#rates_bps = rates_bps;
  }

  loaded({ bits, wait_s, transfer_s }: Loaded): void {
    this.#waits_s.push(wait_s);
    if (this.#waits_s.length > WAITS_KEPT) this.#waits_s.shift();
    const perBit_s = Math.max(SHORTEST_S, transfer_s) / bits; // waits are those of the server, and of a busy page
    this.#fast.add(perBit_s);
    this.#slow.add(perBit_s);
  }

  /** What the link carries, by the worse of the two averages; null before anything was loaded. */
  get throughput_bps(): number | null {
    const perBit_s = this.#perBit_s;
    return perBit_s === 0 ? null : 1 / perBit_s;
  }

  /** The rung to load next; asked after every part. */
  choose(place: Place, now_s: number): number {
    const { rung, part_s } = place;
    if (this.throughput_bps === null) return rung;
    const lasts = place.forward_s > CALM_PARTS * part_s && this.#slowFits(place);
    if (this.#load(rung, part_s) > FITS_DOWN && !lasts) {
      this.#fitsSince_s = null;
      return this.#down(place, now_s);
    }
    if (rung + 1 >= this.#rates_bps.length || this.#load(rung + 1, part_s) > FITS_UP) {
      this.#fitsSince_s = null;
      return rung;
    }
    this.#fitsSince_s ??= now_s;
    if (place.partsLoaded > 0 || now_s - this.#fitsSince_s < this.#upAfter_s) return rung;
    if (now_s - this.#wentUp_s > this.#upAfter_s + REGRET_S) this.#upAfter_s = UP_AFTER_S;
    this.#wentUp_s = now_s;
    this.#regretted = false;
    this.#fitsSince_s = null;
    return rung + 1;
  }

  #down(place: Place, now_s: number): number {
    const { rung, part_s, partsLoaded } = place;
    let lower = rung;
    while (lower > 0 && this.#load(lower, part_s) > FITS_AFTER_DOWN) lower--;
    if (partsLoaded > 0) lower = this.#cheapest(place, lower);
    if (lower < rung && !this.#regretted && now_s - this.#wentUp_s < REGRET_S) {
      this.#regretted = true; // once, though parts of the rung that is left may still come
      this.#upAfter_s = Math.min(LONGEST_UP_AFTER_S, 2 * this.#upAfter_s);
    }
    return lower;
  }

  /** Within a segment: the highest rung, from `lower` down, that the buffer lasts for, or else what needs least of it. */
  #cheapest({ rung, part_s, forward_s, partsLoaded, partsInSegment }: Place, lower: number): number {
    const time_s = (of: number) => this.#wait_s + (this.#rates_bps[of] ?? 0) * part_s * this.#perBit_s;
    const rest = Math.max(1, partsInSegment - partsLoaded);
    let best = { rung, needed_s: rest * time_s(rung) - (rest - 1) * part_s };
    for (let candidate = lower; candidate >= 0; candidate--) {
      const needed_s = (partsLoaded + 1) * time_s(candidate); // nothing new comes before that
      if (needed_s < SAFE_SHARE * forward_s) return candidate;
      if (needed_s < best.needed_s) best = { rung: candidate, needed_s };
    }
    return best.rung;
  }

  /** Time of the bytes of a part of a rung, relative to the time there is for them. */
  #load(rung: number, part_s: number): number {
    const budget_s = Math.max(part_s - this.#wait_s, LEAST_BUDGET * part_s);
    return ((this.#rates_bps[rung] ?? 0) * part_s * this.#perBit_s) / budget_s;
  }

  /** By the slow average alone: one bad part that cost no buffer is not a bad link. */
  #slowFits({ rung }: Place): boolean {
    return (this.#rates_bps[rung] ?? 0) * this.#slow.value < FITS_DOWN;
  }

  get #perBit_s(): number {
    return Math.max(this.#fast.value, this.#slow.value);
  }

  get #wait_s(): number {
    return Math.min(...this.#waits_s);
  }
}

/** Exponentially weighted; each new value counts half after `halfLife` more. */
class Average {
  readonly #keep: number;
  #sum = 0;
  #weight = 0;

  constructor(halfLife: number) {
    this.#keep = 0.5 ** (1 / halfLife);
  }

  add(value: number): void {
    this.#sum = this.#sum * this.#keep + value;
    this.#weight = this.#weight * this.#keep + 1;
  }

  get value(): number {
    return this.#weight === 0 ? 0 : this.#sum / this.#weight;
  }
}
