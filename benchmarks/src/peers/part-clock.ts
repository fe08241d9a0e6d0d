/**
 * Divides the time of a quick run. Each part gets its share of what is left, each case its share of the part's, each
 * peer its share of the case's, so that a slow one takes its own time and not that of the others. What one leaves goes
 * to those behind it. Behind the end of the run nothing is waited for at all: that bounds the run, whatever the
 * libraries do.
 */

/**
 * Seconds that a request gets before the run's end, however late its case is: else who was ended once would never come
 * back.
 */
const LEAST = 5;

export class PartClock {
  readonly #now: () => number;
  readonly #end: number;
  readonly #weights: readonly number[];
  #part = -1;
  #partEnd: number;
  #casesLeft = 1;
  #caseEnd: number;

  /** `seconds` from now on; `weights` of the parts in their order. */
  constructor(seconds: number, weights: readonly number[], now: () => number = () => performance.now() / 1e3) {
    this.#now = now;
    this.#end = now() + seconds;
    this.#weights = weights;
    this.#partEnd = this.#end;
    this.#caseEnd = this.#end;
  }

  /** Begins the next part, which has so many cases (or the sum of their weights). */
  nextPart(cases: number): void {
    this.#part++;
    const left = this.#weights.slice(this.#part);
    const share = (left[0] ?? 1) / left.reduce((sum, weight) => sum + weight, 0);
    const now = this.#now();
    this.#partEnd = now + Math.max(0, this.#end - now) * (left.length === 0 ? 1 : share);
    this.#casesLeft = cases;
    this.#caseEnd = this.#partEnd;
  }

  /** Begins the next case of the part. False when there is no time for it. The first of a part has what the run has. */
  nextCase(first: boolean, weight = 1): boolean {
    const now = this.#now();
    this.#caseEnd = now + (Math.max(0, this.#partEnd - now) * weight) / Math.max(weight, this.#casesLeft);
    this.#casesLeft -= weight;
    return now < (first ? this.#end : this.#partEnd);
  }

  /** Seconds until the end of the run. */
  get left(): number {
    return Math.max(0, this.#end - this.#now());
  }

  /**
   * Seconds that a request may take: a share of what the case has left, some at least, none beyond the end of the run.
   */
  patience(share = 1): number {
    return Math.min(this.left, Math.max(LEAST, share * (this.#caseEnd - this.#now())));
  }
}
