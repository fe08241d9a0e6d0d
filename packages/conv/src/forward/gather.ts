/**
 * A convolution, its input gradient and a batched matrix product are one thing: every result value is a sum of products
 * of weights with *gathered* source values. They differ only in strides. A {@link Gather} holds these numbers; the
 * kernels `gemm`, `gemm-subgroup`, `gemm-tiled`, `gemm-matrix` and `direct` take them as uniform parameters, so that
 * five shader texts serve every layer, forwards and backwards, without a copy of the weights in another order.
 *
 * Along one axis, for result position `r = grid * resultStride + class` and tap t, the source position is
 *
 *     grid * sourceStride + (class + tapStart + t * tapStep) / resultStride        where that divides, else no term
 *
 *   forward:          sourceStride = stride, resultStride = 1, tapStart = -padding, tapStep = dilation
 *   input gradient:   sourceStride = 1, resultStride = stride, tapStart = padding, tapStep = -dilation
 *
 * The second follows from the first solved for the output position: out = (in + padding - t * dilation) / stride. Taps
 * are then counted from the other end, so that tapStep is positive in both.
 */
import type { Conv2dGeometry } from '../geometry.js';

/** Sizes and strides of a gathering product. Pairs are [vertical, horizontal]; channels are those of one group. */
export interface Gather {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly sourceSize: readonly [number, number];
  readonly resultSize: readonly [number, number];
  readonly sourceStride: readonly [number, number];
  readonly resultStride: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly tapStart: readonly [number, number];
  readonly tapStep: readonly [number, number];
  readonly weight: WeightStrides;
  /** Where source and result lie, of matrices: images of one column. Without, in whole maps, channel behind channel. */
  readonly source?: MatrixStrides;
  readonly result?: MatrixStrides;
}

/** Elements from one pixel, channel and group to the next. */
export interface MatrixStrides {
  readonly pixel: number;
  readonly channel: number;
  readonly group: number;
}

/** Where weight (group, out channel, in channel, tap) lies, in elements. */
export interface WeightStrides {
  readonly offset: number;
  readonly out: number;
  readonly in: number;
  readonly tapY: number;
  readonly tapX: number;
  readonly group: number;
}

/** Where weights [oc, ic / groups, kh, kw] lie, in elements: those of one output channel are contiguous. */
export interface WeightRange {
  readonly offset: number;
  readonly batchStride: number;
}

/** The same product over weights stored as [ic, kh, kw, oc]: one group, contiguous. */
export function withTransposedWeights(gather: Gather): Gather {
  const { kernel, outChannels, weight } = gather;
  const tapY = kernel[1] * outChannels;
  return { ...gather, weight: { ...weight, out: 1, in: kernel[0] * tapY, tapY, tapX: outChannels, group: 0 } };
}

/** The forward convolution over weights [oc, ic / groups, kh, kw]. */
export function forwardGather(geometry: Conv2dGeometry, range?: WeightRange): Gather {
  const { batch, groups, kernel, stride, padding, dilation } = geometry;
  const inChannels = geometry.inChannels / groups;
  const outChannels = geometry.outChannels / groups;
  const taps = kernel[0] * kernel[1];
  const { offset, batchStride } = range ?? { offset: 0, batchStride: inChannels * taps };
  return {
    batch,
    groups,
    inChannels,
    outChannels,
    sourceSize: geometry.inSize,
    resultSize: geometry.outSize,
    sourceStride: stride,
    resultStride: [1, 1],
    kernel,
    tapStart: [-padding[0], -padding[1]],
    tapStep: dilation,
    weight: { offset, out: batchStride, in: taps, tapY: kernel[1], tapX: 1, group: outChannels * batchStride },
  };
}

/** The gradient with respect to the input: source = gradient of the output, result = gradient of the input. */
export function inputGradientGather(geometry: Conv2dGeometry, range?: WeightRange): Gather {
  const forward = forwardGather(geometry, range);
  const { kernel, padding, dilation, stride } = geometry;
  const last = [kernel[0] - 1, kernel[1] - 1] as const;
  return {
    ...forward,
    inChannels: forward.outChannels,
    outChannels: forward.inChannels,
    sourceSize: geometry.outSize,
    resultSize: geometry.inSize,
    sourceStride: [1, 1],
    resultStride: stride,
    tapStart: [padding[0] - last[0] * dilation[0], padding[1] - last[1] * dilation[1]],
    weight: {
      ...forward.weight,
      offset: forward.weight.offset + last[0] * forward.weight.tapY + last[1] * forward.weight.tapX,
      out: forward.weight.in,
      in: forward.weight.out,
      tapY: -forward.weight.tapY,
      tapX: -forward.weight.tapX,
    },
  };
}

/** `count` products [m, k] x [k, columns], all contiguous. */
export function batchedProduct(count: number, m: number, k: number, columns: number): Gather {
  return {
    batch: 1,
    groups: count,
    inChannels: k,
    outChannels: m,
    sourceSize: [1, columns],
    resultSize: [1, columns],
    sourceStride: [1, 1],
    resultStride: [1, 1],
    kernel: [1, 1],
    tapStart: [0, 0],
    tapStep: [1, 1],
    weight: { offset: 0, out: k, in: 1, tapY: 0, tapX: 0, group: m * k },
  };
}

/** Whether every result pixel needs exactly the source value at its own place: a plain product of matrices. */
export function isPointwise(gather: Gather): boolean {
  const { kernel, sourceStride, resultStride, tapStart, sourceSize, resultSize, source, result } = gather;
  if (source !== undefined && source.pixel !== 1) return false;
  if (result !== undefined && result.pixel !== 1) return false;
  return [0, 1].every(
    (axis) =>
      kernel[axis] === 1 &&
      sourceStride[axis] === 1 &&
      resultStride[axis] === 1 &&
      tapStart[axis] === 0 &&
      sourceSize[axis] === resultSize[axis],
  );
}

/** Rows and columns of the result grid of one class, and the number of classes. */
export function gatherGrid({ resultSize, resultStride }: Gather): {
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
} {
  return {
    rows: Math.ceil(resultSize[0] / resultStride[0]),
    columns: Math.ceil(resultSize[1] / resultStride[1]),
    classes: resultStride[0] * resultStride[1],
  };
}
