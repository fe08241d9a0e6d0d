/** split: a tensor cut into parts along one axis. Along channels the planner makes it free. */
import {
  apply,
  axisOf,
  formatShape,
  type Operator,
  requireAxis,
  requireInteger,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { add } from '../elementwise/arithmetic.js';
import { concat } from './concat.js';
import { copyAlongAxis } from './copy.js';
import { placeInZeros } from './narrow.js';

export type SplitAttributes = {
  readonly axis: number;
  readonly sizes: readonly number[];
};

export const splitOperator: Operator<SplitAttributes> = standardOperator({
  name: 'split',
  arity: 1,
  infer([x], { axis, sizes }, where) {
    const { shape, dtype } = x as TensorType;
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
    return sizes.map((size) => ({ shape: shape.map((s, d) => (d === axis ? size : s)), dtype }));
  },
  lower({ inputs, outputs, attributes: { axis, sizes } }) {
    const starts = startsOf(sizes);
    return outputs.flatMap((y, i) =>
      copyAlongAxis(inputs[0] as View, y, axis, sizes[i] as number, starts[i] as number, 0),
    );
  },
  gradient({ inputs, outputs, outputGradients, attributes: { axis, sizes } }) {
    const known = outputGradients.filter((g) => g !== undefined);
    const total = (inputs[0] as Tensor).shape[axis] as number;
    if (known.length === 0) return [undefined];
    if (known.length === outputs.length) return [concat(known, axis)];
    // Parts without a gradient count as zeros: one pass over what is there.
    const starts = startsOf(sizes);
    const first = outputGradients.findIndex((g) => g !== undefined);
    const last = outputGradients.findLastIndex((g) => g !== undefined);
    const run = outputGradients.slice(first, last + 1);
    if (run.every((g) => g !== undefined)) {
      const joined = run.length === 1 ? (run[0] as Tensor) : concat(run, axis);
      return [placeInZeros(joined, axis, starts[first] as number, total)];
    }
    const placed = outputGradients.flatMap((g, i) =>
      g === undefined ? [] : [placeInZeros(g, axis, starts[i] as number, total)],
    );
    return [placed.reduce((sum, part) => add(sum, part))];
  },
  placement: ({ axis, sizes }) => (axis === 1 ? { kind: 'channelRanges', starts: startsOf(sizes) } : undefined),
});

function startsOf(sizes: readonly number[]): number[] {
  return sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
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
