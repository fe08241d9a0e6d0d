/** `x + resize(coarse)`: how a branch's side output refines the prediction before it. */
import {
  applyOne,
  dispatchLine,
  elementCount,
  formatShape,
  InfnetError,
  type Kernel,
  type KernelCall,
  type Operator,
  requireSizes,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import source from './add-resized.wgsl';
import { type OperandRange, rangeParams, wholeRange } from './operand.js';
import { resizeBack } from './resize-back.js';
import { type ImageShape, imageShape } from './shapes.js';

export const addResizedKernel: Kernel = { name: 'reverse-attention/add-resized', source };

export interface AddResizedCallOptions {
  /** [N, C, H, W] of x and y. */
  readonly x: ImageShape;
  /** [N, C, h, w]. */
  readonly coarse: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: Partial<Readonly<Record<'x' | 'coarse' | 'y', OperandRange>>>;
}

/** One dispatch; bindings x, coarse, y. */
export function addResizedCall(options: AddResizedCallOptions): KernelCall {
  const { x: shape, coarse, ranges = {} } = options;
  requireSizes('addResizedCall', shape, coarse);
  const [, , height, width] = shape;
  const [, , coarseHeight, coarseWidth] = coarse;
  const whole = wholeRange(shape);
  const count = elementCount(shape);
  const operands = { x: ranges.x ?? whole, coarse: ranges.coarse ?? wholeRange(coarse), y: ranges.y ?? whole };
  return {
    kernel: addResizedKernel,
    constants: {},
    params: {
      ...rangeParams(operands),
      itemSize: whole.batchStride,
      height,
      width,
      coarseHeight,
      coarseWidth,
      rowStep: coarseHeight / height,
      columnStep: coarseWidth / width,
      count,
    },
    workgroups: dispatchLine(Math.ceil(count / 64)),
    flops: 10 * count,
    bytes: 4 * (2 * count + elementCount(coarse)),
  };
}

export const addResizedOperator: Operator = {
  name: 'addResized',
  infer([x, coarse], _attributes, where) {
    const [batch, channels] = imageShape(x, 'x', where);
    const [coarseBatch, coarseChannels] = imageShape(coarse, 'the map to resize', where);
    if (batch !== coarseBatch || channels !== coarseChannels) {
      throw new InfnetError({
        code: 'SHAPE_MISMATCH',
        message:
          `${formatShape(x?.shape ?? [])} and ${formatShape(coarse?.shape ?? [])} differ in batch size or channels; ` +
          'only height and width may differ',
        where,
      });
    }
    return [x as TensorType];
  },
  lower({ inputs, outputs }) {
    const [x, coarse] = inputs as readonly [View, View];
    const y = outputs[0] as View;
    const shapes = { x: x.type.shape as unknown as ImageShape, coarse: coarse.type.shape as unknown as ImageShape };
    return [{ ...addResizedCall({ ...shapes, ranges: { x, coarse, y } }), operands: { x, coarse, y } }];
  },
  gradient: ({ inputs, outputGradients: [g], needed }) =>
    g === undefined ? [] : [g, needed[1] ? resizeBack(g, inputs[1] as Tensor) : undefined],
};

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
