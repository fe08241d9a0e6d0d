/** `x + resize(coarse)`: how a branch's side output refines the prediction before it. */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  type ImageShape,
  InfnetError,
  imageShape,
  type Operator,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRanges, placedCall, rangeTable } from '@infnet/core/kernels';
import source from './add-resized.wgsl';
import { resizeBack } from './resize-back.js';
import { mapShape } from './shapes.js';

export const addResizedKernel: Kernel = { name: 'reverse-attention/add-resized', source };

export interface AddResizedCallOptions {
  /** [N, C, H, W] of x and y. */
  readonly x: ImageShape;
  /** [N, C, h, w]. */
  readonly coarse: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: OperandRanges<'x' | 'coarse' | 'y'>;
}

/** One dispatch; bindings x, coarse, y. @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`. */
export function addResizedCall(options: AddResizedCallOptions): KernelCall {
  const where = 'addResizedCall';
  checkOptions(where, options, { x: 'image', coarse: 'image', ...rangeTable('x', 'coarse', 'y') });
  checkPair(options.x, options.coarse, where);
  const { x: shape, coarse, ranges } = options;
  const [, channels, height, width] = shape;
  const [, , coarseHeight, coarseWidth] = coarse;
  const count = elementCount(shape);
  return placedCall(where, addResizedKernel, {
    operands: { x: shape, coarse, y: shape },
    ranges,
    params: {
      channels,
      height,
      width,
      coarseHeight,
      coarseWidth,
      rowStep: coarseHeight / height,
      columnStep: coarseWidth / width,
    },
    invocations: count,
    flops: 10 * count,
    values: 2 * count + elementCount(coarse),
  });
}

/** @throws InfnetError `SHAPE_MISMATCH`. */
function checkPair(x: ImageShape, coarse: ImageShape, where: string): void {
  if (x[0] === coarse[0] && x[1] === coarse[1]) return;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `${formatShape(x)} and ${formatShape(coarse)} differ in batch size or channels; only height and width may differ`,
    where,
  });
}

export const addResizedOperator: Operator = standardOperator(
  defineOperator({
    name: 'addResized',
    inputs: ['x', 'coarse'],
    outputs: ['y'],
    infer({ x, coarse }, _attributes, where) {
      checkPair(mapShape(x, 'x', where), mapShape(coarse, 'the map to resize', where), where);
      return { y: x };
    },
    lower({ inputs: { x, coarse }, outputs: { y } }) {
      const shapes = {
        x: imageShape(x.type, 'x', 'addResized'),
        coarse: imageShape(coarse.type, 'the map to resize', 'addResized'),
      };
      return [dispatch(addResizedCall({ ...shapes, ranges: { x, coarse, y } }), { x, coarse, y })];
    },
    gradient: ({ inputs: { coarse }, outputGradients: { y: g }, needed }) => ({
      x: g,
      coarse: needed.coarse ? resizeBack(g, coarse) : undefined,
    }),
  }),
);

/**
 * `x + interpolate(coarse, { size: [H, W] })` in one pass, bilinear with align_corners = false.
 *
 * @param x [N, C, H, W]
 * @param coarse [N, C, h, w]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_MISMATCH`, with the module's path.
 */
export function addResized(x: TensorLike, coarse: TensorLike): Tensor {
  return applyOne(addResizedOperator, [x, coarse], {});
}
