/**
 * The S-measure (structure measure, Fan et al., ICCV 2017): half how well the foreground and the background are told
 * apart as wholes, half how alike map and mask are in the four rectangles around the mask's centroid.
 *
 *     S = 0.5 * object + 0.5 * region, not below 0
 *     object = u * o(map on the mask) + (1 - u) * o(1 - map off the mask),  u the infected fraction
 *     o(x) = 2m / (m^2 + 1 + s), m the mean and s the standard deviation (n - 1)
 *     region = sum over rectangles of (area fraction) * similarity
 *     similarity = 4 mx my cov / ((mx^2 + my^2) (vx + vy));  0/0 is 1
 *
 * An empty mask scores 1 - mean(map), a full one mean(map). A centroid in the last row or column leaves rectangles
 * without pixels: the released code gets 0 * NaN there, hence NaN. `sane` gives such a rectangle its weight, zero.
 */
import type { BinaryMask } from './input.js';
import type { Conventions } from './overlap/ratios.js';

const EPS = 2 ** -52;

/** S-measure of `map` (0..1) against `mask`, both `width * height`. */
export function sMeasure(
  map: Float64Array,
  mask: BinaryMask,
  width: number,
  height: number,
  conventions: Conventions,
): number {
  const pixels = width * height;
  if (mask.positives === 0 || mask.positives === pixels) {
    let sum = 0;
    for (let i = 0; i < pixels; i++) sum += map[i]!;
    return mask.positives === 0 ? 1 - sum / pixels : sum / pixels;
  }
  const score = 0.5 * objectScore(map, mask) + 0.5 * regionScore(map, mask, width, height, conventions);
  return score < 0 ? 0 : score; // NaN stays NaN, as in the reference
}

function objectScore(map: Float64Array, mask: BinaryMask): number {
  const { data, positives } = mask;
  const pixels = map.length;
  let inside = 0;
  let outside = 0;
  for (let i = 0; i < pixels; i++) {
    if (data[i] === 1) inside += map[i]!;
    else outside += 1 - map[i]!;
  }
  inside /= positives;
  outside /= pixels - positives;
  let insideSquares = 0;
  let outsideSquares = 0;
  for (let i = 0; i < pixels; i++) {
    const away = data[i] === 1 ? map[i]! - inside : 1 - map[i]! - outside;
    if (data[i] === 1) insideSquares += away * away;
    else outsideSquares += away * away;
  }
  const fraction = positives / pixels;
  return (
    fraction * objectSimilarity(inside, insideSquares, positives) +
    (1 - fraction) * objectSimilarity(outside, outsideSquares, pixels - positives)
  );
}

function objectSimilarity(average: number, squares: number, count: number): number {
  const deviation = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
  return (2 * average) / (average * average + 1 + deviation + EPS);
}

function regionScore(
  map: Float64Array,
  mask: BinaryMask,
  width: number,
  height: number,
  conventions: Conventions,
): number {
  // The centroid counts from 1, as in MATLAB: cx columns lie left of the cut, cy rows above it.
  let sumX = 0;
  let sumY = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (mask.data[i] === 1) {
        sumX += x + 1;
        sumY += y + 1;
      }
    }
  }
  const cx = Math.round(sumX / mask.positives); // positive, so half goes away from zero
  const cy = Math.round(sumY / mask.positives);
  const area = width * height;
  const w1 = (cx * cy) / area;
  const w2 = ((width - cx) * cy) / area;
  const w3 = (cx * (height - cy)) / area;
  const w4 = 1 - w1 - w2 - w3;
  const part = (weight: number, x0: number, x1: number, y0: number, y1: number): number => {
    if ((x1 - x0) * (y1 - y0) === 0) return conventions === 'as-released' ? Number.NaN : 0;
    return weight * similarity(map, mask.data, width, x0, x1, y0, y1);
  };
  return (
    part(w1, 0, cx, 0, cy) + part(w2, cx, width, 0, cy) + part(w3, 0, cx, cy, height) + part(w4, cx, width, cy, height)
  );
}

/** Similarity of map and mask in the rectangle x0..x1, y0..y1 (ends excluded), after SSIM without its constants. */
function similarity(
  map: Float64Array,
  mask: Uint8Array,
  width: number,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
): number {
  const count = (x1 - x0) * (y1 - y0);
  // Sums are taken from the first value on, so that a constant rectangle has variance 0 exactly: whether it scores 1 or
  // 0 must not hang on the rounding of a sum.
  const first = map[y0 * width + x0]!;
  let meanMap = 0;
  let meanMask = 0;
  for (let y = y0; y < y1; y++) {
    for (let i = y * width + x0; i < y * width + x1; i++) {
      meanMap += map[i]! - first;
      meanMask += mask[i]!;
    }
  }
  meanMap = first + meanMap / count;
  meanMask /= count;
  let squaresMap = 0;
  let squaresMask = 0;
  let products = 0;
  for (let y = y0; y < y1; y++) {
    for (let i = y * width + x0; i < y * width + x1; i++) {
      const a = map[i]! - meanMap;
      const b = mask[i]! - meanMask;
      squaresMap += a * a;
      squaresMask += b * b;
      products += a * b;
    }
  }
  const divisor = count - 1 + EPS;
  const alpha = 4 * meanMap * meanMask * (products / divisor);
  const beta = (meanMap * meanMap + meanMask * meanMask) * (squaresMap / divisor + squaresMask / divisor);
  if (alpha !== 0) return alpha / (beta + EPS);
  return beta === 0 ? 1 : 0;
}
