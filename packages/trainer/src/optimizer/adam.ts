/** Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), with PyTorch's arithmetic. */

import type { ParameterStore } from '@infnet/core';
import { checkNames } from '@infnet/core';
import type { Kernel } from '@infnet/core/kernels';
import { SMALLEST } from '../numbers.js';
import source from './adam.wgsl';
import { checkNumbers, Optimizer, type OptimizerOptions } from './optimizer.js';
import type { StepNumbers } from './records.js';
import { type BoundAfter, SLACK } from './state-bounds.js';

export const adamKernel: Kernel = { name: 'trainer/adam', source };

/** The largest number below 1: a moment that keeps all of itself never moves, and its correction divides by 0. */
const BELOW_ONE = 1 - 2 ** -53;

/** The variant that changes nothing and tells where a new value would not be finite. */
export const adamCheckKernel: Kernel = { name: 'trainer/adam-check', source };

export interface AdamOptions extends OptimizerOptions {
  /** How much of the two moments is kept from step to step. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; above 0. Default 1e-8. */
  readonly eps?: number;
}

/** See state-bounds.ts. */
function boundOf(eps: number, decoupled: boolean): BoundAfter {
  return ({ parameter, moment1, moment2 }, { gradient, rate, decay, unbias1 }) => {
    const g = gradient + (decoupled ? 0 : decay * parameter);
    const first = Math.max(moment1, g) * SLACK;
    const step = rate * unbias1;
    const shrunk = parameter * (decoupled ? 1 + rate * decay : 1);
    return {
      // The rate alone is computed too, and so is its product with a moment, where eps is above 1.
      parameter: Math.max(shrunk + (step * first) / Math.min(eps, 1), step, rate * decay) * SLACK,
      moment1: first,
      moment2: Math.max(moment2, g * g) * SLACK,
    };
  };
}

abstract class AdamFamily extends Optimizer {
  readonly #betas: readonly [number, number];

  constructor(parameters: ParameterStore, options: AdamOptions, decoupled: boolean) {
    checkNames('Adam', options, ['betas', 'eps', 'weightDecay', 'settings']);
    const { betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    const [beta1, beta2] = betas;
    checkNumbers({
      beta1: { value: beta1, least: 0, most: BELOW_ONE },
      beta2: { value: beta2, least: 0, most: BELOW_ONE },
      // Where gradient and moments are 0, eps 0 would make 0 / 0 of a parameter.
      eps: { value: eps, least: SMALLEST },
      weightDecay: { value: weightDecay, least: 0 },
    });
    super(parameters, options, {
      kernel: adamKernel,
      constants: { DECOUPLED: Number(decoupled) },
      check: { kernel: adamCheckKernel, bound: boundOf(eps, decoupled) },
      settings: { beta1, beta2 },
      params: { beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, eps },
      moments: [
        { binding: 'm', name: 'exp_avg' },
        { binding: 'v', name: 'exp_avg_sq' },
      ],
      flopsEach: 14,
    });
    this.#betas = betas;
  }

  override numbers(): Pick<StepNumbers, 'unbias1' | 'unbias2'> {
    const step = this.steps + 1;
    const [beta1, beta2] = this.#betas;
    return { unbias1: 1 / (1 - beta1 ** step), unbias2: 1 / Math.sqrt(1 - beta2 ** step) };
  }
}

/** Adam; weight decay is the L2 kind, added to the gradient. */
export class Adam extends AdamFamily {
  override readonly name = 'adam';

  /** @throws InfnetError `OPTIMIZER_OPTION`, `OPTIMIZER_NOTHING`. */
  constructor(parameters: ParameterStore, options: AdamOptions = {}) {
    super(parameters, options, false);
  }
}

/** Adam with decoupled weight decay: parameters shrink by learning rate times decay, whatever their gradients. */
export class AdamW extends AdamFamily {
  override readonly name = 'adamw';

  /** `weightDecay` is 0.01 by default. @throws InfnetError `OPTIMIZER_OPTION`, `OPTIMIZER_NOTHING`. */
  constructor(parameters: ParameterStore, options: AdamOptions = {}) {
    super(parameters, { weightDecay: 0.01, ...options }, true);
  }
}
