/** Losses as plain float64 loops, straight from their definitions. */
type Numbers = ArrayLike<number>;

export interface Value {
  readonly loss: number;
  readonly gradient: Float64Array;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const at = (values: Numbers, i: number): number => values[i] as number;

function crossEntropyAt(z: number, t: number): number {
  return Math.max(z, 0) - z * t + Math.log1p(Math.exp(-Math.abs(z)));
}

export function bceWithLogits(z: Numbers, t: Numbers): number {
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += crossEntropyAt(at(z, i), at(t, i));
  return sum / z.length;
}

export function bceWithLogitsGradient(z: Numbers, t: Numbers): Float64Array {
  return Float64Array.from(z, (value, i) => (sigmoid(value) - at(t, i)) / z.length);
}

/** Mean of the mask over 31 x 31, zeros beyond the border counted: a direct sum through prefix sums. */
function pooled(t: Numbers, from: number, height: number, width: number): Float64Array {
  const prefix = new Float64Array((height + 1) * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const p = (y + 1) * (width + 1) + x + 1;
      prefix[p] =
        at(t, from + y * width + x) + at(prefix, p - 1) + at(prefix, p - width - 1) - at(prefix, p - width - 2);
    }
  }
  return Float64Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const [top, bottom] = [Math.max(0, y - 15), Math.min(height, y + 16)];
    const [left, right] = [Math.max(0, x - 15), Math.min(width, x + 16)];
    const corner = (r: number, c: number): number => at(prefix, r * (width + 1) + c);
    return (corner(bottom, right) - corner(top, right) - corner(bottom, left) + corner(top, left)) / 961;
  });
}

export function jointLoss(
  z: Numbers,
  t: Numbers,
  [n, c, height, width]: readonly [number, number, number, number],
  variant: 'as-released' | 'paper',
): Value {
  const gradient = new Float64Array(z.length);
  const area = height * width;
  const item = c * area;
  let loss = 0;
  for (let image = 0; image < n; image++) {
    const first = image * item;
    const w = new Float64Array(item);
    for (let k = 0; k < c; k++) {
      for (const [i, mean] of pooled(t, first + k * area, height, width).entries()) {
        w[k * area + i] = 1 + 5 * Math.abs(mean - at(t, first + k * area + i));
      }
    }
    let [weights, crossed, overlap, union] = [0, 0, 0, 0];
    for (let i = 0; i < item; i++) {
      const [value, truth, weight] = [at(z, first + i), at(t, first + i), at(w, i)];
      const p = sigmoid(value);
      weights += weight;
      crossed += (variant === 'paper' ? weight : 1) * crossEntropyAt(value, truth);
      overlap += p * truth * weight;
      union += (p + truth) * weight;
    }
    const [a, b] = [overlap + 1, union - overlap + 1];
    const total = variant === 'paper' ? weights : item;
    loss += (crossed / total + 1 - a / b) / n;
    for (let i = 0; i < item; i++) {
      const [value, truth, weight] = [at(z, first + i), at(t, first + i), at(w, i)];
      const p = sigmoid(value);
      const ofCross = ((variant === 'paper' ? weight : 1) * (p - truth)) / total;
      const ofRatio = (truth * weight * b - a * (weight - truth * weight)) / (b * b);
      gradient[first + i] = (ofCross - ofRatio * p * (1 - p)) / n;
    }
  }
  return { loss, gradient };
}

export function diceLoss(x: Numbers, t: Numbers, shape: readonly number[], smooth: number, logits: boolean): Value {
  const maps = (shape[0] as number) * (shape[1] as number);
  const area = x.length / maps;
  const gradient = new Float64Array(x.length);
  let loss = 0;
  for (let m = 0; m < maps; m++) {
    const p = (i: number): number => (logits ? sigmoid(at(x, m * area + i)) : at(x, m * area + i));
    let [overlap, total] = [0, 0];
    for (let i = 0; i < area; i++) {
      overlap += p(i) * at(t, m * area + i);
      total += p(i) + at(t, m * area + i);
    }
    const [above, below] = [2 * overlap + smooth, total + smooth];
    loss += (1 - above / below) / maps;
    for (let i = 0; i < area; i++) {
      const slope = -(2 * at(t, m * area + i) * below - above) / (below * below) / maps;
      gradient[m * area + i] = slope * (logits ? p(i) * (1 - p(i)) : 1);
    }
  }
  return { loss, gradient };
}

/** `truth(i, c)`: share of class c in pixel i (counted over the batch). */
export function crossEntropy(x: Numbers, shape: readonly number[], truth: (i: number, c: number) => number): Value {
  const [n, channels] = shape as [number, number];
  const area = x.length / n / channels;
  const pixels = n * area;
  const gradient = new Float64Array(x.length);
  let loss = 0;
  for (let i = 0; i < pixels; i++) {
    const index = (c: number): number => (Math.floor(i / area) * channels + c) * area + (i % area);
    const values = Array.from({ length: channels }, (_, c) => at(x, index(c)));
    const largest = Math.max(...values);
    const total = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    const mass = values.reduce((sum, _, c) => sum + truth(i, c), 0);
    for (const [c, value] of values.entries()) {
      loss += (truth(i, c) * (largest + Math.log(total) - value)) / pixels;
      gradient[index(c)] = ((Math.exp(value - largest) / total) * mass - truth(i, c)) / pixels;
    }
  }
  return { loss, gradient };
}
