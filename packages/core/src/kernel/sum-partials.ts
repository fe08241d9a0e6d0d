/** The second pass of a sum or mean that workgroups made parts of: the parts added in a fixed order. */
import source from '../kernels/sum-partials.wgsl';
import type { Kernel, KernelCall } from './kernel.js';
import { checkOptions, sizedCall } from './options.js';

export const sumPartialsKernel: Kernel = { name: 'core/sum-partials', source };

export interface SumPartialsCallOptions {
  /** Partial sums. */
  readonly count: number;
  /** The sum is multiplied by it: 1 / number of values for a mean. Default 1. */
  readonly factor?: number;
  /** Index of the result in its buffer. Default 0. */
  readonly yOffset?: number;
}

/** One dispatch of one workgroup; bindings partial, y. @throws InfnetError `OPTION_...`. */
export function sumPartialsCall(options: SumPartialsCallOptions): KernelCall {
  checkOptions('sumPartialsCall', options, { count: 'size', 'factor?': 'number', 'yOffset?': 'count' });
  const { count, factor = 1, yOffset = 0 } = options;
  const call: KernelCall = {
    kernel: sumPartialsKernel,
    constants: {},
    params: { yOffset, count, factor },
    workgroups: [1, 1, 1],
    flops: count,
    bytes: 4 * (count + 1),
  };
  return sizedCall('sumPartialsCall', call, { partial: count, y: yOffset + 1 });
}
