/** The definitions, pixel by pixel, slow and plain: what the package's fast forms are compared with. */

/** E-measure of the reference: the mean (over N - 1) of the enhanced alignment of every pixel. */
export function naiveEMeasure(marked: readonly boolean[], infected: readonly boolean[], divisor: number): number {
  const n = marked.length;
  const count = infected.filter(Boolean).length;
  const markedMean = marked.filter(Boolean).length / n;
  const infectedMean = count / n;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const a = marked[i] ? 1 : 0;
    const b = infected[i] ? 1 : 0;
    if (count === 0) sum += 1 - a;
    else if (count === n) sum += a;
    else {
      const f = a - markedMean;
      const g = b - infectedMean;
      sum += ((2 * f * g) / (f * f + g * g + 2 ** -52) + 1) ** 2 / 4;
    }
  }
  return sum / divisor;
}

/** The four counts, one pixel after the other. */
export function naiveCounts(
  marked: readonly boolean[],
  infected: readonly boolean[],
): { tp: number; fp: number; fn: number; tn: number } {
  const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
  for (let i = 0; i < marked.length; i++) {
    if (marked[i]) counts[infected[i] ? 'tp' : 'fp']++;
    else counts[infected[i] ? 'fn' : 'tn']++;
  }
  return counts;
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const squares = (values: readonly number[]): number =>
  average(values.map((v) => (v - average(values)) ** 2)) * values.length;

/** S-measure with lists of pixels; neither an empty nor a full mask, no empty rectangle. */
export function naiveSMeasure(
  map: readonly number[],
  infected: readonly boolean[],
  width: number,
  height: number,
): number {
  const object = (values: readonly number[]): number => {
    const deviation = values.length > 1 ? Math.sqrt(squares(values) / (values.length - 1)) : 0;
    return (2 * average(values)) / (average(values) ** 2 + 1 + deviation);
  };
  const inside = map.filter((_, i) => infected[i]);
  const outside = map.filter((_, i) => !infected[i]).map((v) => 1 - v);
  const fraction = inside.length / map.length;
  const objects = fraction * object(inside) + (1 - fraction) * object(outside);

  const at = infected.flatMap((yes, i) => (yes ? [[(i % width) + 1, Math.floor(i / width) + 1] as const] : []));
  const cx = Math.floor(average(at.map(([x]) => x)) + 0.5);
  const cy = Math.floor(average(at.map(([, y]) => y)) + 0.5);
  let regions = 0;
  for (const right of [false, true]) {
    for (const low of [false, true]) {
      const here = (i: number): boolean => i % width >= cx === right && Math.floor(i / width) >= cy === low;
      const a = map.filter((_, i) => here(i));
      const b = infected.filter((_, i) => here(i)).map(Number);
      const products = a.map((v, i) => (v - average(a)) * (b[i]! - average(b))).reduce((p, q) => p + q, 0);
      const divisor = a.length - 1 + 2 ** -52;
      const alpha = (4 * average(a) * average(b) * products) / divisor;
      const beta = (average(a) ** 2 + average(b) ** 2) * ((squares(a) + squares(b)) / divisor);
      const similarity = alpha !== 0 ? alpha / (beta + 2 ** -52) : beta === 0 ? 1 : 0;
      regions += (a.length / (width * height)) * similarity;
    }
  }
  return Math.max(0, (objects + regions) / 2);
}

/** Distance between two voxels given by flat index. */
export function voxelDistance(i: number, j: number, shape: readonly number[], spacing: readonly number[]): number {
  let sum = 0;
  let a = i;
  let b = j;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    sum += (((a % extent) - (b % extent)) * spacing[axis]!) ** 2;
    a = Math.floor(a / extent);
    b = Math.floor(b / extent);
  }
  return Math.sqrt(sum);
}

/** Indices of the voxels with a face neighbour outside the mask or outside the picture. */
export function naiveSurface(mask: ArrayLike<number>, shape: readonly number[]): number[] {
  const inMask = (at: readonly number[]): boolean => {
    if (at.some((v, axis) => v < 0 || v >= shape[axis]!)) return false;
    return mask[at.reduce((flat, v, axis) => flat * shape[axis]! + v, 0)] === 1;
  };
  const surface: number[] = [];
  for (let i = 0; i < mask.length; i++) {
    let rest = i;
    const at = [...shape]
      .reverse()
      .map((extent) => {
        const v = rest % extent;
        rest = Math.floor(rest / extent);
        return v;
      })
      .reverse();
    const neighbours = shape.flatMap((_, axis) => [-1, 1].map((step) => at.map((v, k) => (k === axis ? v + step : v))));
    if (inMask(at) && !neighbours.every(inMask)) surface.push(i);
  }
  return surface;
}
