/**
 * The E-measure (enhanced alignment, Fan et al., IJCAI 2018) from four counts.
 *
 * With f the binary prediction minus its mean and g the mask minus its mean, a pixel contributes
 * (1 + 2fg / (f^2 + g^2))^2 / 4. Both f and g take two values, so the sum over the pixels has four different terms, one
 * for each of TP, FP, FN, TN. The mask's extremes are defined separately: empty, the fraction left unmarked; full, the
 * fraction marked.
 *
 * The released code divides by N - 1, so that a perfect prediction scores 1 + 1/(N-1); `sane` divides by N.
 */
import type { Counts } from './counts.js';
import type { Conventions } from './ratios.js';

const EPS = 2 ** -52;

export function eMeasure({ tp, fp, fn, tn }: Counts, conventions: Conventions): number {
  const pixels = tp + fp + fn + tn;
  const divisor = conventions === 'as-released' ? pixels - 1 + EPS : pixels;
  if (tp + fn === 0) return tn / divisor;
  if (fp + tn === 0) return tp / divisor;
  const marked = (tp + fp) / pixels;
  const infected = (tp + fn) / pixels;
  const sum =
    tp * aligned(1 - marked, 1 - infected) +
    fp * aligned(1 - marked, -infected) +
    fn * aligned(-marked, 1 - infected) +
    tn * aligned(-marked, -infected);
  return sum / divisor;
}

function aligned(f: number, g: number): number {
  const alignment = (2 * g * f) / (g * g + f * f + EPS);
  return ((alignment + 1) * (alignment + 1)) / 4; // not `** 2`, whose last bit is the engine's choice
}
