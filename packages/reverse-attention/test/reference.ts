/** Reverse attention in float64, as plainly as it can be written. */
export type Sizes = readonly [batch: number, channels: number, height: number, width: number];

/** Bilinear resize, align_corners = false, of one plane. */
export function resizePlane(
  plane: ArrayLike<number>,
  [h, w]: readonly [number, number],
  [height, width]: readonly [number, number],
): Float64Array {
  const taps = (position: number, output: number, input: number): [number, number, number] => {
    const source = Math.max(0, ((position + 0.5) * input) / output - 0.5);
    const near = Math.min(Math.floor(source), input - 1);
    return [near, Math.min(near + 1, input - 1), source - near];
  };
  const y = new Float64Array(height * width);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [top, bottom, v] = taps(i, height, h);
      const [left, right, u] = taps(j, width, w);
      const at = (row: number, column: number): number => plane[row * w + column] as number;
      const above = (1 - u) * at(top, left) + u * at(top, right);
      const below = (1 - u) * at(bottom, left) + u * at(bottom, right);
      y[i * width + j] = (1 - v) * above + v * below;
    }
  }
  return y;
}

/** All planes of [N, C, h, w] resized. */
export function resize(x: ArrayLike<number>, [n, c, h, w]: Sizes, size: readonly [number, number]): Float64Array {
  const y = new Float64Array(n * c * size[0] * size[1]);
  for (let plane = 0; plane < n * c; plane++) {
    const from = Array.from({ length: h * w }, (_, i) => x[plane * h * w + i] as number);
    y.set(resizePlane(from, [h, w], size), plane * size[0] * size[1]);
  }
  return y;
}

/** features * (1 - sigmoid(resize(logits))). */
export function reverseAttention(
  features: ArrayLike<number>,
  shape: Sizes,
  logits: ArrayLike<number>,
  logitsSize: readonly [number, number],
): Float64Array {
  const [n, c, height, width] = shape;
  const crop = resize(logits, [n, 1, ...logitsSize], [height, width]);
  const area = height * width;
  return Float64Array.from(features, (value, i) => {
    const item = Math.floor(i / (c * area));
    return value / (1 + Math.exp(crop[item * area + (i % area)] as number));
  });
}
