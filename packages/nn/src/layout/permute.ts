/** permute: the dimensions in another order; and what is made of it: transpose, pixel shuffle and its inverse. */
import {
  applyOne,
  axisOf,
  defineOperator,
  formatShape,
  imageShape,
  Module,
  type Operator,
  requireInteger,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { reshape } from '../placement/reshape.js';
import { lowerRearrange, requireEach, requireRank } from './rearrange.js';

export type PermuteAttributes = {
  /** Dimension d of the result is dimension `axes[d]` of the input. */
  readonly axes: readonly number[];
};

export const permuteOperator: Operator<PermuteAttributes> = standardOperator(
  defineOperator({
    name: 'permute',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { axes }, where) {
      requireRank(x, where);
      requireEach(axes, x.shape, 0, 'the order of the dimensions', where);
      if (x.shape.some((_, d) => !axes.includes(d))) {
        const order = `${axes.join(', ')} is no order of the dimensions of ${formatShape(x.shape)}`;
        shapeError('SHAPE_AXIS', where, order, 'Name each dimension once, counted from 0.');
      }
      return { y: { shape: axes.map((axis) => x.shape[axis] as number), dtype: x.dtype } };
    },
    lower: ({ inputs: { x }, outputs: { y }, attributes: { axes } }) => [
      lowerRearrange(
        x,
        y,
        axes.map((axis) => ({ axis })),
        'none',
      ),
    ],
    gradient: ({ outputGradients: { y: g }, attributes: { axes } }) => ({
      x: permute(
        g,
        axes.map((_, d) => axes.indexOf(d)),
      ),
    }),
    selectsValues: true,
  }),
);

/**
 * The dimensions in another order: dimension d of the result is dimension `axes[d]` of `x`; negative ones count from
 * the end.
 *
 * @throws InfnetError `SHAPE_AXIS`, `SHAPE_ATTRIBUTE`, `SHAPE_RANK` beyond 6 dimensions.
 */
export function permute(x: TensorLike, axes: readonly number[]): Tensor {
  return applyOne(permuteOperator, [x], { axes: axes.map((axis) => axisOf(axis, x.shape.length, 'permute')) });
}

/** Two dimensions changed for each other. @throws InfnetError `SHAPE_AXIS`. */
export function transpose(x: TensorLike, first: number, second: number): Tensor {
  const [a, b] = [first, second].map((axis) => axisOf(axis, x.shape.length, 'transpose'));
  return permute(
    x,
    x.shape.map((_, d) => (d === a ? (b as number) : d === b ? (a as number) : d)),
  );
}

/**
 * [N, C r^2, H, W] becomes [N, C, H r, W r]: channels that follow each other become pixels of a block, row by row.
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_RANGE` where the channels cannot be dealt, `SHAPE_ATTRIBUTE`.
 */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  const where = x.graph.scope || 'pixelShuffle';
  const [n, c, h, w] = imageShape(x.type, 'the input', where);
  requireInteger(factor, 1, 'the factor', where);
  if (c % (factor * factor) !== 0) indivisible(`${c} channels`, factor * factor, where);
  const blocks = reshape(x, [n, c / (factor * factor), factor, factor, h, w]);
  return reshape(permute(blocks, [0, 1, 4, 2, 5, 3]), [n, c / (factor * factor), h * factor, w * factor]);
}

/** The inverse of {@link pixelShuffle}. @throws InfnetError `SHAPE_RANK`, `SHAPE_RANGE`, `SHAPE_ATTRIBUTE`. */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  const where = x.graph.scope || 'pixelUnshuffle';
  const [n, c, h, w] = imageShape(x.type, 'the input', where);
  requireInteger(factor, 1, 'the factor', where);
  for (const size of [h, w]) if (size % factor !== 0) indivisible(`${size} rows or columns`, factor, where);
  const blocks = reshape(x, [n, c, h / factor, factor, w / factor, factor]);
  return reshape(permute(blocks, [0, 1, 3, 5, 2, 4]), [n, c * factor * factor, h / factor, w / factor]);
}

function indivisible(what: string, by: number, where: string): never {
  return shapeError('SHAPE_RANGE', where, `${what} cannot be divided by ${by}`);
}

/** {@link pixelShuffle} as a module. */
export class PixelShuffle extends Module {
  readonly factor: number;

  constructor(factor: number) {
    super();
    requireInteger(factor, 1, 'the factor', 'PixelShuffle');
    this.factor = factor;
  }

  override forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.factor);
  }
}

/** {@link pixelUnshuffle} as a module. */
export class PixelUnshuffle extends Module {
  readonly factor: number;

  constructor(factor: number) {
    super();
    requireInteger(factor, 1, 'the factor', 'PixelUnshuffle');
    this.factor = factor;
  }

  override forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.factor);
  }
}
