/** split: a tensor cut into parts along one axis. Along channels the planner makes it free. */
import {
  apply,
  axisOf,
  defineOperator,
  formatShape,
  type Operator,
  requireAxis,
  requireInteger,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { add } from '../elementwise/arithmetic.js';
import { concat } from './concat.js';
import { copyAlongAxis } from './copy.js';
import { placeInZeros } from './narrow.js';

export type SplitAttributes = {
  readonly axis: number;
  readonly sizes: readonly number[];
};

export const splitOperator: Operator<SplitAttributes> = standardOperator(
  defineOperator({
    name: 'split',
    inputs: ['x'],
    outputs: ['...parts'],
    infer({ x: { shape, dtype } }, { axis, sizes }, where) {
      requireAxis(axis, shape.length, where);
      for (const size of sizes) requireInteger(size, 1, 'a part of split', where);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (total !== shape[axis]) {
        shapeError(
          'SHAPE_RANGE',
          where,
          `parts of ${sizes.join(' + ')} = ${total} do not make up dimension ${axis} of ${formatShape(shape)}`,
        );
      }
      return { parts: sizes.map((size) => ({ shape: shape.map((s, d) => (d === axis ? size : s)), dtype })) };
    },
    lower({ inputs: { x }, outputs: { parts }, attributes: { axis, sizes } }) {
      const starts = startsOf(sizes);
      return parts.flatMap((y, i) => copyAlongAxis(x, y, axis, sizes[i] as number, starts[i] as number, 0));
    },
    gradient({ inputs: { x }, outputGradients: { parts }, attributes: { axis, sizes } }) {
      // Parts without a gradient count as zeros: one pass over what is there.
      const total = x.shape[axis] as number;
      const starts = startsOf(sizes);
      const first = parts.findIndex((g) => g !== undefined);
      const last = parts.findLastIndex((g) => g !== undefined);
      const run = parts.slice(first, last + 1);
      const known = run.filter((g) => g !== undefined);
      const [g] = known;
      if (g !== undefined && run.length === known.length) {
        const joined = run.length === 1 && parts.length > 1 ? g : concat(known, axis);
        return { x: run.length === parts.length ? joined : placeInZeros(joined, axis, starts[first] as number, total) };
      }
      const placed = parts.flatMap((g, i) =>
        g === undefined ? [] : [placeInZeros(g, axis, starts[i] as number, total)],
      );
      return { x: placed.reduce((sum, part) => add(sum, part)) };
    },
    placement: ({ axis, sizes }) => (axis === 1 ? { kind: 'channelRanges', starts: startsOf(sizes) } : undefined),
  }),
);

function startsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    return start;
  });
}

/**
 * Cuts `x` along `axis` (default 1, channels) into parts of the given sizes, or into parts of one size (the last may be
 * smaller). @throws InfnetError `SHAPE_RANGE` when the sizes do not add up.
 */
export function split(x: TensorLike, sizes: readonly number[] | number, axis = 1): readonly Tensor[] {
  const front = axisOf(axis, x.shape.length, 'split');
  const total = x.shape[front] as number;
  return apply(splitOperator, [x], {
    axis: front,
    sizes: typeof sizes === 'number' ? equalParts(total, sizes) : sizes,
  });
}

function equalParts(total: number, size: number): number[] {
  requireInteger(size, 1, 'the size of a part', 'split');
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.min(size, total - i * size));
}
