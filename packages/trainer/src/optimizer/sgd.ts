/** Stochastic gradient descent with momentum, with PyTorch's arithmetic (no dampening, no Nesterov). */

import type { ParameterStore } from '@infnet/core';
import { checkNames } from '@infnet/core';
import type { Kernel } from '@infnet/core/kernels';
import { checkNumbers, Optimizer, type OptimizerOptions } from './optimizer.js';
import type { StepNumbers } from './records.js';
import source from './sgd.wgsl';
import { type BoundAfter, SLACK } from './state-bounds.js';

export const sgdKernel: Kernel = { name: 'trainer/sgd', source };

/** The variant that changes nothing and tells where a new value would not be finite. */
export const sgdCheckKernel: Kernel = { name: 'trainer/sgd-check', source };

export interface SGDOptions extends OptimizerOptions {
  /** Share of the step before that is kept. Default 0, which needs no memory. */
  readonly momentum?: number;
}

/** See state-bounds.ts. Without momentum the first moment is the move itself. */
function boundOf(momentum: number): BoundAfter {
  return ({ parameter, moment1 }, { gradient, rate, decay }) => {
    const moved = (momentum * moment1 + gradient + decay * parameter) * SLACK;
    return { parameter: Math.max(parameter + rate * moved, rate) * SLACK, moment1: moved, moment2: 0 };
  };
}

export class SGD extends Optimizer {
  override readonly name = 'sgd';

  /** @throws InfnetError `OPTIMIZER_OPTION`, `OPTIMIZER_NOTHING`. */
  constructor(parameters: ParameterStore, options: SGDOptions = {}) {
    checkNames('SGD', options, ['momentum', 'weightDecay', 'settings']);
    const { momentum = 0, weightDecay = 0 } = options;
    checkNumbers({ momentum: { value: momentum, least: 0 }, weightDecay: { value: weightDecay, least: 0 } });
    super(parameters, options, {
      kernel: sgdKernel,
      constants: { MOMENTUM: Number(momentum > 0) },
      check: { kernel: sgdCheckKernel, bound: boundOf(momentum) },
      params: { momentum },
      moments: momentum > 0 ? [{ binding: 'm', name: 'momentum_buffer' }] : [],
      flopsEach: 7,
    });
  }

  override numbers(): Pick<StepNumbers, 'unbias1' | 'unbias2'> {
    return { unbias1: 1, unbias2: 1 };
  }
}
