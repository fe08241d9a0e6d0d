/** Kernel calls of the bias gradient: the sum over images and pixels, in two passes of fixed order. */
import { type Kernel, type KernelCall, lineCall, type OperandRange, rangeParams } from '@infnet/core/kernels';
import source from '../kernels/bias-gradient.wgsl';
import { sumSplitsCall } from './weight-calls.js';

export const biasGradientKernel: Kernel = { name: 'conv/bias-gradient', source };

/**
 * Calls for g [batch, channels, ..pixels]: the first has bindings g, y (partial results), the second partial, y
 * [channels].
 */
export function biasGradientCalls(
  sizes: { readonly batch: number; readonly channels: number; readonly pixels: number },
  g: OperandRange,
  y: OperandRange,
): { readonly product: KernelCall; readonly sum: KernelCall; readonly partialElements: number } {
  const { batch, channels, pixels } = sizes;
  const splits = Math.min(64, pixels);
  const values = batch * channels * pixels;
  const count = channels * splits;
  const product = lineCall(biasGradientKernel, {
    params: { batch, channels, pixels, splits, ...rangeParams({ g }) },
    invocations: count,
    flops: values,
    values: values + count,
  });
  return { product, sum: sumSplitsCall(splits, channels, 1, y), partialElements: count };
}
