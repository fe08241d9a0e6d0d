/** Weights with their result channels last, as an operator so that constant weights are transposed once. */
import {
  type DeviceProfile,
  type Dispatch,
  dispatchLine,
  elementCount,
  type Kernel,
  type Operator,
  type Shape,
  type View,
} from '@infnet/core';
import type { ConvolutionAlgorithm } from '../forward/algorithm.js';
import { splitTile } from '../forward/tile.js';
import source from '../kernels/transpose-weight.wgsl';

export const transposeWeightKernel: Kernel = { name: 'conv/transpose-weight', source };

/** Input: weight [oc, ic, kh, kw]. Output: the same values as [ic, kh, kw, oc]. Made by the planner only. */
export const transposeWeightOperator: Operator = {
  name: 'transposeWeight',
  infer: ([weight]) => {
    const [outChannels = 0, ...rest] = weight?.shape ?? [];
    return [{ shape: [...rest, outChannels], dtype: 'f32' }];
  },
  lower: ({ inputs, outputs }): Dispatch[] => {
    const [x, y] = [inputs[0] as View, outputs[0] as View];
    const { shape } = x.type;
    const rows = shape[0] as number;
    const count = elementCount(shape);
    return [
      {
        kernel: transposeWeightKernel,
        constants: {},
        params: { rows, columns: count / rows, xOffset: x.offset, xStride: x.batchStride },
        workgroups: dispatchLine(Math.ceil(count / 64)),
        flops: 0,
        bytes: 8 * count,
        operands: { x, y },
      },
    ];
  },
};

/** The shape [oc, ic, kh, kw] of weights as they are stored: so, or with the result channels last. */
export function weightShape(stored: Shape, channelsLast: boolean): Shape {
  return channelsLast ? [stored.at(-1) as number, ...stored.slice(0, -1)] : stored;
}

/**
 * Weights of neighbouring result channels this many bytes apart, or a multiple, fall into few sets of the first cache.
 */
const ALIASED = 1024;

/**
 * Whether the product reads transposed weights better. In `gemm-subgroup` every lane has a result channel of its own:
 * with subgroups of 8 and tiles of 32 channels a step touches 32 cache lines, of which the next steps need the rest.
 * When the channels lie a multiple of 1 KiB apart they share so few sets of the cache that the lines are lost before:
 * measured on llvmpipe 1.05 to 1.4 times as fast transposed for 512, 1024 and 2048 channels, 0.95 to 1.1 for 104, 416
 * and 832. On SwiftShader there was no gain.
 */
export function prefersTransposedWeights(
  weight: Shape,
  groups: number,
  algorithm: ConvolutionAlgorithm,
  device: DeviceProfile,
): boolean {
  const [outChannels = 0, ...rest] = weight;
  if (device.class !== 'cpu' || device.subgroupSize < 8 || groups > 1 || outChannels < 16) return false;
  if (splitTile(algorithm).name !== 'gemm-subgroup') return false;
  return (4 * elementCount(rest)) % ALIASED === 0;
}
