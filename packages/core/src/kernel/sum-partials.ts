/** Sums and means in two passes: workgroups make parts of them, and the parts are added in a fixed order. */
import source from '../kernels/sum-partials.wgsl';
import type { Kernel, KernelCall } from './kernel.js';
import { checkOptions, sizedCall } from './options.js';

export const sumPartialsKernel: Kernel = { name: 'core/sum-partials', source };

/** Workgroups of a first pass, at most (more only where there are more rows). */
const MOST_GROUPS = 1024;

/** How the values of rows are dealt to the workgroups of a first pass: parameters of `sum-rows.part.wgsl`. */
export interface DealtRows {
  /** Values of a row. */
  readonly rowSize: number;
  /** Values that each of a workgroup's 64 invocations sums. */
  readonly rounds: number;
  readonly groupsPerRow: number;
  /** Workgroups altogether. */
  readonly count: number;
}

export function dealRows(rows: number, rowSize: number): DealtRows {
  // At least 8 values per invocation, so that the barrier behind them costs little.
  const rounds = Math.max(8, Math.ceil((rows * rowSize) / (64 * MOST_GROUPS)));
  const groupsPerRow = Math.ceil(rowSize / (64 * rounds));
  return { rowSize, rounds, groupsPerRow, count: rows * groupsPerRow };
}

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
