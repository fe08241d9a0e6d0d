/** Arrays in float64, for references written for clearness, not speed. */

export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function array64(shape: readonly number[], data?: ArrayLike<number>): Array64 {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: data === undefined ? new Float64Array(count) : Float64Array.from(data) };
}

/** An array of `shape` whose value at every position is `value(position)`. */
export function build(shape: readonly number[], value: (position: readonly number[]) => number): Array64 {
  const result = array64(shape);
  const position = shape.map(() => 0);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = value(position);
    for (let d = shape.length - 1; d >= 0; d--) {
      position[d] = (position[d] as number) + 1;
      if ((position[d] as number) < (shape[d] as number)) break;
      position[d] = 0;
    }
  }
  return result;
}

/** The value at `position`. */
export function at(x: Array64, position: readonly number[]): number {
  let index = 0;
  x.shape.forEach((size, d) => {
    index = index * size + (position[d] as number);
  });
  return x.data[index] as number;
}

/** The value at [n, c, i, j], or `outside` where the map has no such row or column. */
export function pixel(x: Array64, n: number, c: number, i: number, j: number, outside = 0): number {
  const [, , h, w] = x.shape as readonly [number, number, number, number];
  return i >= 0 && i < h && j >= 0 && j < w ? at(x, [n, c, i, j]) : outside;
}
