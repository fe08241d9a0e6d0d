/**
 * Random numbers for phantoms: PCG with 32 bits of state (RXS-M-XS), the same on every platform. Normal deviates are
 * sums of uniform ones and directions come from a disc, so nothing depends on a platform's `Math.sin` or `Math.log`.
 */
export class Random {
  private state: number;

  /** `seed`: any whole number; streams of neighbouring seeds are unrelated. */
  constructor(seed: number) {
    this.state = mix32(seed >>> 0);
    this.next();
  }

  /** A whole number in 0 .. 2^32 - 1. */
  next(): number {
    const old = this.state;
    this.state = (Math.imul(old, 747796405) + 2891336453) >>> 0;
    const word = Math.imul((old >>> ((old >>> 28) + 4)) ^ old, 277803737) >>> 0;
    return ((word >>> 22) ^ word) >>> 0;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.next() / 4294967296);
  }

  /** A whole number in 0 .. count - 1. */
  int(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Mean 0, variance 1, nearly normal (sum of four uniform deviates, so within +-3.5). */
  normal(): number {
    return (this.uniform() + this.uniform() + this.uniform() + this.uniform() - 2) * 1.7320508075688772;
  }

  /** A unit vector, uniform over directions. */
  direction(): [number, number] {
    while (true) {
      const x = this.uniform(-1, 1);
      const y = this.uniform(-1, 1);
      const square = x * x + y * y;
      if (square > 1 || square < 1e-4) continue;
      const length = Math.sqrt(square);
      return [x / length, y / length];
    }
  }
}

/** A bijection of 32-bit numbers that spreads every bit. */
export function mix32(value: number): number {
  let x = (value + 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
