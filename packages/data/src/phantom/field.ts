/**
 * Smooth functions of the position, worked out at every other pixel and interpolated between: a quarter of the work,
 * and no difference that the scanner's blur would leave.
 */
export class HalfGrid {
  readonly #width: number;
  readonly #height: number;
  readonly #columns: number;
  readonly #rows: number;

  /** For pictures of `width` x `height` pixels. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#columns = (width >> 1) + 2;
    this.#rows = (height >> 1) + 2;
  }

  /**
   * Values at the grid's points. `at` gets coordinates that go from -1 to 1 across the picture, and the point's index.
   */
  sample(at: (x: number, y: number, index: number) => number): Float32Array {
    const values = new Float32Array(this.#columns * this.#rows);
    for (let j = 0, k = 0; j < this.#rows; j++) {
      const y = ((2 * j + 0.5) / this.#height) * 2 - 1;
      for (let i = 0; i < this.#columns; i++, k++) values[k] = at(((2 * i + 0.5) / this.#width) * 2 - 1, y, k);
    }
    return values;
  }

  /** From the grid's points to pixels, row-major. */
  spread(values: Float32Array): Float32Array {
    const out = new Float32Array(this.#width * this.#height);
    for (let y = 0, i = 0; y < this.#height; y++) {
      const above = (y >> 1) * this.#columns;
      const below = (y & 1) === 0 ? above : above + this.#columns;
      for (let x = 0; x < this.#width; x++, i++) {
        const left = x >> 1;
        const right = left + (x & 1);
        const top = (values[above + left] as number) + (values[above + right] as number);
        out[i] = (top + (values[below + left] as number) + (values[below + right] as number)) / 4;
      }
    }
    return out;
  }
}
