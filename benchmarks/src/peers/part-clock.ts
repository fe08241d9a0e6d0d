/** Seconds that a request gets when the run should be over. */
const LAST_PATIENCE = 2;

/** Divides the time of a quick run: each part gets its share of what is left, so that a slow one cannot take it all. */
export class PartClock {
  readonly #now: () => number;
  readonly #end: number;
  readonly #weights: readonly number[];
  #part = -1;
  #partEnd: number;

  /** `weights` of the parts in their order. Call `next` to begin each, the first one too. */
  constructor(seconds: number, weights: readonly number[], now: () => number = () => performance.now() / 1e3) {
    this.#now = now;
    this.#end = now() + seconds;
    this.#weights = weights;
    this.#partEnd = this.#end;
  }

  /** Begins the next part. */
  next(): void {
    this.#part++;
    const left = this.#weights.slice(this.#part);
    const share = (left[0] ?? 1) / left.reduce((sum, weight) => sum + weight, 0);
    const now = this.#now();
    this.#partEnd = now + Math.max(0, this.#end - now) * (left.length === 0 ? 1 : share);
  }

  /** Whether the part's share is spent. */
  isOver(): boolean {
    return this.#now() >= this.#partEnd;
  }

  /** Seconds that a request of this part may take: at least so many, but beyond the end of the run hardly any. */
  patience(least: number): number {
    const now = this.#now();
    const untilEnd = Math.max(LAST_PATIENCE, this.#end - now);
    return Math.max(Math.min(least, untilEnd), this.#partEnd - now);
  }
}
