/** matmul: products of matrices, any number at once, either factor transposed while it is read. */
import {
  applyOne,
  checkNames,
  defineOperator,
  elementCount,
  formatShape,
  type Operator,
  requireShape,
  requireSizes,
  requireType,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import type { GatherKernel } from '../forward/algorithm.js';
import { productDispatches } from './gathers.js';

export interface MatmulOptions {
  /** The left factor is stored as [..., k, m]. Default false. */
  readonly transposeA?: boolean;
  /** The right factor is stored as [..., n, k]. Default false. */
  readonly transposeB?: boolean;
}

export type MatmulAttributes = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Overrides the choice by device and shape: for tests and comparisons. */
  readonly algorithm?: GatherKernel | undefined;
};

/** Inputs: a [..., m, k] and b [..., k, n], or transposed. Output: [..., m, n]. */
export const matmulOperator: Operator<MatmulAttributes> = standardOperator(
  defineOperator({
    name: 'matmul',
    inputs: ['a', 'b'],
    outputs: ['y'],
    infer({ a, b }, attributes, where) {
      const { transposeA, transposeB } = attributes;
      requireType(a, 'f32', 'the left factor', where);
      requireType(b, 'f32', 'the right factor', where);
      requireSizes(where, a.shape, b.shape);
      for (const { shape } of [a, b]) {
        if (shape.length >= 2) continue;
        const message = `a factor has the shape ${formatShape(shape)}; [..., rows, columns] is needed`;
        shapeError('SHAPE_RANK', where, message, 'Reshape a vector to a matrix of one row or column.');
      }
      const { batch, rows, steps, columns } = sizesOf(a.shape, b.shape, attributes);
      const bSteps = b.shape.at(transposeB ? -1 : -2) as number;
      const lead = b.shape.slice(0, -2);
      if (steps !== bSteps) {
        const factors = `${describe(a.shape, transposeA)} and ${describe(b.shape, transposeB)}`;
        shapeError('SHAPE_MISMATCH', where, `the factors ${factors} have sums of ${steps} and ${bSteps} terms`);
      }
      requireShape(lead, batch, 'the leading dimensions of the right factor (broadcastTo repeats them)', where);
      return { y: { shape: [...batch, rows, columns], dtype: 'f32' } };
    },
    takesViews: false,
    lower({ inputs: { a, b }, outputs: { y }, attributes, ...context }) {
      const { transposeA, transposeB, algorithm } = attributes;
      const { batch, rows, steps, columns } = sizesOf(a.type.shape, b.type.shape, attributes);
      const product = {
        batch: elementCount(batch),
        rows,
        columns,
        steps,
        left: {
          offset: a.offset,
          ...(transposeA ? { row: 1, step: rows } : { row: steps, step: 1 }),
          batch: rows * steps,
        },
        right: { ...(transposeB ? { column: steps, step: 1 } : { column: 1, step: columns }), batch: steps * columns },
        result: { row: columns, column: 1, batch: rows * columns },
      };
      return productDispatches(product, { left: a, right: b, y }, algorithm, context);
    },
    gradient({ inputs: { a, b }, outputGradients: { y: g }, attributes: { transposeA, transposeB }, needed }) {
      return {
        a: !needed.a
          ? undefined
          : transposeA
            ? matmul(b, g, { transposeA: transposeB, transposeB: true })
            : matmul(g, b, { transposeB: !transposeB }),
        b: !needed.b
          ? undefined
          : transposeB
            ? matmul(g, a, { transposeA: true, transposeB: transposeA })
            : matmul(a, g, { transposeA: !transposeA }),
      };
    },
  }),
);

/**
 * Products of matrices: y[..., i, j] = sum over k of a[..., i, k] * b[..., k, j]. Leading dimensions are equal;
 * `broadcastTo` of @infnet/nn repeats one that is missing, and {@link linear} shares a matrix.
 *
 * @param a [..., m, k], or [..., k, m] with `transposeA`
 * @param b [..., k, n], or [..., n, k] with `transposeB`
 * @returns [..., m, n]
 * @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`.
 */
export function matmul(
  a: TensorLike,
  b: TensorLike,
  options: MatmulOptions & { readonly algorithm?: GatherKernel } = {},
): Tensor {
  checkNames('matmul', options, ['transposeA', 'transposeB', 'algorithm']);
  const { transposeA = false, transposeB = false, algorithm } = options;
  const attributes = { transposeA, transposeB };
  return applyOne(matmulOperator, [a, b], algorithm === undefined ? attributes : { ...attributes, algorithm });
}

function sizesOf(a: Shape, b: Shape, { transposeA, transposeB }: MatmulAttributes): Sizes {
  return {
    batch: a.slice(0, -2),
    rows: a.at(transposeA ? -1 : -2) as number,
    steps: a.at(transposeA ? -2 : -1) as number,
    columns: b.at(transposeB ? -2 : -1) as number,
  };
}

interface Sizes {
  readonly batch: Shape;
  readonly rows: number;
  readonly steps: number;
  readonly columns: number;
}

const describe = (shape: Shape, transposed: boolean): string => formatShape(shape) + (transposed ? ' transposed' : '');
