/**
 * Products of matrices as gathering products: the left factor takes the place of a convolution's weights, which any
 * strides address, and the right one that of its source, whose columns are pixels of an image of one column.
 */
import { type Dispatch, elementCount, type LowerContext, type Shape, type View } from '@infnet/core';
import type { Gather, MatrixStrides, WeightStrides } from '../forward/gather.js';
import { MATRIX_PRODUCTS } from '../forward/registry.js';

/** result[b, i, j] = sum over k of left[b, i, k] * right[b, k, j]; strides in elements. */
export interface MatrixProduct {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly steps: number;
  readonly left: Readonly<Record<'offset' | 'row' | 'step' | 'batch', number>>;
  readonly right: Readonly<Record<'column' | 'step' | 'batch', number>>;
  readonly result: Readonly<Record<'row' | 'column' | 'batch', number>>;
  /**
   * Items of the columns, with the batch strides of the views: their columns lie apart. The batch above is of the
   * factors. Default 1.
   */
  readonly items?: number | undefined;
}

export function productGather(product: MatrixProduct): Gather {
  const { batch, rows, columns, steps, left, right, result, items = 1 } = product;
  const weight: WeightStrides = {
    offset: left.offset,
    out: left.row,
    in: left.step,
    tapY: 0,
    tapX: 0,
    group: left.batch,
  };
  const source: MatrixStrides = { pixel: right.column, channel: right.step, group: right.batch };
  return {
    batch: items,
    groups: batch,
    inChannels: steps,
    outChannels: rows,
    sourceSize: [columns, 1],
    resultSize: [columns, 1],
    sourceStride: [1, 1],
    resultStride: [1, 1],
    kernel: [1, 1],
    tapStart: [0, 0],
    tapStep: [1, 1],
    weight,
    source,
    result: { pixel: result.column, channel: result.row, group: result.batch },
  };
}

/** The dispatch of a product; `bias` [rows] is added to every column. */
export function productDispatches(
  product: MatrixProduct,
  views: { readonly left: View; readonly right: View; readonly y: View; readonly bias?: View | undefined },
  algorithm: string | undefined,
  context: Pick<LowerContext, 'device' | 'precision' | 'scratch'>,
): Dispatch[] {
  const gather = productGather(product);
  const { left, right, y, bias } = views;
  const { device, precision } = context;
  const chosen = MATRIX_PRODUCTS.take(algorithm, { gather, device, precision, rounded: false });
  const { batch, rows, columns, steps, items = 1 } = product;
  const values = [left, right, y, bias].reduce((sum, view) => sum + (view ? elementCount(view.type.shape) : 0), 0);
  const work = { flops: 2 * batch * items * rows * columns * steps, bytes: 4 * values };
  const epilogue = { affine: bias === undefined ? 'none' : 'bias' } as const;
  const operands = { x: right, weight: left, y, affine: bias };
  return chosen.algorithm.dispatches({ gather, views: operands, epilogue, work }, context, chosen.tile);
}

/** The last sizes of a shape with the others as one: [rows of all leading dimensions, last size]. */
export function rowsOf(shape: Shape): readonly [rows: number, length: number] {
  return [elementCount(shape.slice(0, -1)), shape.at(-1) as number];
}

/** In how many parts of equal length a long sum is cut where its result is too small to keep a device busy. */
export function partsOf(steps: number, results: number): number {
  const wanted = Math.min(64, Math.floor(steps / FEWEST_STEPS), Math.ceil(MANY_RESULTS / results));
  for (let parts = wanted; parts > 1; parts--) if (steps % parts === 0) return parts;
  return 1;
}

/** Steps below which a part spends its time storing. */
const FEWEST_STEPS = 256;
/** Results that keep a device busy by themselves. */
const MANY_RESULTS = 2 ** 18;
