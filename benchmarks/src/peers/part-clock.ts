/** Divides the time of a quick run: each part gets an equal share of what is left, so that a slow one cannot take it all. */
export class PartClock {
  readonly #now: () => number;
  readonly #end: number;
  #partEnd: number;
  #partsLeft: number;

  /** `parts` with the first one, which begins now. */
  constructor(seconds: number, parts: number, now: () => number = () => performance.now() / 1e3) {
    this.#now = now;
    this.#end = now() + seconds;
    this.#partsLeft = parts;
    this.#partEnd = now() + seconds / parts;
  }

  /** Begins the next part. */
  next(): void {
    this.#partsLeft = Math.max(1, this.#partsLeft - 1);
    this.#partEnd = this.#now() + Math.max(0, this.#end - this.#now()) / this.#partsLeft;
  }

  /** Whether the part's share is spent. */
  isOver(): boolean {
    return this.#now() >= this.#partEnd;
  }

  /** Seconds that a request of this part may take. */
  patience(least: number): number {
    return Math.max(least, this.#partEnd - this.#now());
  }
}
