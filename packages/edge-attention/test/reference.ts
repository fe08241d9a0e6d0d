/** Edges of masks and their loss in float64, as plainly as they can be written. */
export type Sizes = readonly [batch: number, channels: number, height: number, width: number];

/** 1 where the mask is on (> 0.5) and one of its 4 neighbours inside the image is off. */
export function maskEdge(mask: ArrayLike<number>, [n, c, height, width]: Sizes): Float64Array {
  const edge = new Float64Array(n * c * height * width);
  for (let plane = 0; plane < n * c; plane++) {
    const on = (y: number, x: number): boolean => (mask[(plane * height + y) * width + x] as number) > 0.5;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const neighbours = [
          [y - 1, x],
          [y + 1, x],
          [y, x - 1],
          [y, x + 1],
        ] as const;
        const inside = neighbours.filter(([v, u]) => v >= 0 && v < height && u >= 0 && u < width);
        if (on(y, x) && inside.some(([v, u]) => !on(v, u))) edge[(plane * height + y) * width + x] = 1;
      }
    }
  }
  return edge;
}

/** Mean of -t log s(z) - (1 - t) log(1 - s(z)). */
export function bceWithLogits(logits: ArrayLike<number>, target: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const z = logits[i] as number;
    sum += Math.max(z, 0) - z * (target[i] as number) + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum / logits.length;
}

/** (s(z) - t) / count. */
export function bceWithLogitsGradient(logits: ArrayLike<number>, target: ArrayLike<number>): Float64Array {
  return Float64Array.from(logits, (z, i) => (1 / (1 + Math.exp(-z)) - (target[i] as number)) / logits.length);
}
