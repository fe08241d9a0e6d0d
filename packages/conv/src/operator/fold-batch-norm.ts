/** Batch norm in inference mode as scale and shift of a convolution's result. */
import { checkOptions, defineOperator, dispatch, type Operator, requireShape, requireType } from '@infnet/core';
import { type Kernel, type KernelCall, sizedCall } from '@infnet/core/kernels';
import { requireEpsilon } from '../geometry.js';
import source from '../kernels/fold-batch-norm.wgsl';

export const foldBatchNormKernel: Kernel = { name: 'conv/fold-batch-norm', source };

/** One dispatch of `conv/fold-batch-norm`; bindings gamma, beta, mean, variance, bias if `bias`, affine. */
export function foldBatchNormCall(channels: number, eps: number, bias: boolean): KernelCall {
  checkOptions('foldBatchNormCall', { channels, eps, bias }, { channels: 'size', eps: 'number', bias: 'flag' });
  requireEpsilon(eps, 'foldBatchNormCall');
  const call: KernelCall = {
    kernel: foldBatchNormKernel,
    constants: { BIAS: Number(bias) },
    params: { channels, eps },
    workgroups: [Math.ceil(channels / 32), 1, 1],
    flops: 5 * channels,
    bytes: 4 * channels * (bias ? 7 : 6),
  };
  const each = { gamma: channels, beta: channels, mean: channels, variance: channels, bias: channels };
  return sizedCall('foldBatchNormCall', call, { ...each, affine: 2 * channels });
}

/**
 * Inputs: gamma, beta, mean, variance, and the convolution's bias if it has one, all [channels]. Output: [2, channels].
 */
export const foldBatchNormOperator: Operator<{ readonly eps: number }> = defineOperator({
  name: 'foldBatchNorm',
  inputs: ['gamma', 'beta', 'mean', 'variance', 'bias?'],
  outputs: ['affine'],
  infer(inputs, { eps }, where) {
    requireEpsilon(eps, where);
    const channels = inputs.gamma.shape[0] ?? 0;
    for (const input of Object.values(inputs)) {
      if (input === undefined) continue;
      requireType(input, 'f32', 'a parameter of batch norm', where);
      requireShape(input.shape, [channels], 'a parameter of batch norm', where);
    }
    return { affine: { shape: [2, channels], dtype: 'f32' } };
  },
  takesViews: false,
  lower({ attributes: { eps }, inputs, outputs: { affine } }) {
    const call = foldBatchNormCall(affine.type.shape[1] as number, eps, inputs.bias !== undefined);
    return [dispatch(call, { ...inputs, affine })];
  },
});
