/** resizeNearest: labels and masks at another size, every value one of those that were there. */
import {
  applyOne,
  checkNames,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  type Operator,
  requireInteger,
  type Shape,
  shapeError,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRange, placedCall } from '@infnet/core/kernels';
import source from './nearest.wgsl';

export const nearestKernel: Kernel = { name: 'nn/nearest', source };

/** Positions are products of sizes in 32 bits. */
const MOST = 32767;

export type NearestAttributes = {
  /** Height and width of the result. */
  readonly size: readonly [number, number];
  readonly alignCorners: boolean;
};

const resizedShape = (shape: Shape, size: readonly [number, number]): Shape => [...shape.slice(0, -2), ...size];

function checkExtents(shape: Shape, size: readonly [number, number], where: string): void {
  if (shape.length < 3) shapeError('SHAPE_RANK', where, `${formatShape(shape)} is no [N, ..., height, width]`);
  for (const extent of [...size, ...shape.slice(-2)]) {
    requireInteger(extent, 1, 'a size', where);
    if (extent > MOST) shapeError('SHAPE_SIZE', where, `a size is ${extent}; at most ${MOST} can be resized`);
  }
}

export const resizeNearestOperator: Operator<NearestAttributes> = defineOperator({
  name: 'resizeNearest',
  inputs: ['x'],
  outputs: ['y'],
  infer({ x: { shape, dtype } }, { size }, where) {
    checkExtents(shape, size, where);
    return { y: { shape: resizedShape(shape, size), dtype } };
  },
  lower: ({ inputs: { x }, outputs: { y }, attributes }) => [
    dispatch(resizeNearestCall({ ...attributes, shape: x.type.shape, x, y }), { x, y }),
  ],
  selectsValues: true,
});

export interface ResizeNearestCallOptions extends NearestAttributes {
  /** [N, ..., H, W] of x. */
  readonly shape: Shape;
  /** Where x and y lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
}

/** One dispatch of `nn/nearest`; bindings x, y. @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`. */
export function resizeNearestCall(options: ResizeNearestCallOptions): KernelCall {
  const where = 'resizeNearestCall';
  checkOptions(where, options, { shape: 'shape', size: 'sizes', alignCorners: 'flag', 'x?': 'range', 'y?': 'range' });
  const { shape, size, alignCorners } = options;
  checkExtents(shape, size, where);
  const to = resizedShape(shape, size);
  const [inputHeight, inputWidth] = shape.slice(-2) as [number, number];
  const count = elementCount(to);
  return placedCall(where, nearestKernel, {
    operands: { x: shape, y: to },
    ranges: { x: options.x, y: options.y },
    constants: { ALIGNED: Number(alignCorners) },
    params: {
      planes: elementCount(shape.slice(1, -2)),
      inputHeight,
      inputWidth,
      outputHeight: size[0],
      outputWidth: size[1],
    },
    invocations: count,
    flops: 0,
    values: 2 * count,
  });
}

/**
 * Resizes labels [N, H, W], or maps [N, C, H, W] of any element type, by nearest neighbour. No gradient flows back.
 *
 * @param options `alignCorners`: as of `interpolate`, whose positions these are the nearest ones to. Default false.
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_ATTRIBUTE`, `SHAPE_SIZE`.
 */
export function resizeNearest(
  x: TensorLike,
  size: readonly [number, number],
  options: { readonly alignCorners?: boolean } = {},
): Tensor {
  checkNames('resizeNearest', options, ['alignCorners']);
  const { alignCorners = false } = options;
  return applyOne(resizeNearestOperator, [x], { size, alignCorners });
}
