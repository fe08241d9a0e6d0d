import { checkNames, Module, Parameter, type Tensor } from '@infnet/core';
import { type BatchNormOptions, batchNorm2d, batchNorm2dTraining } from './batch-norm.js';

/**
 * Batch norm with its parameters. In training mode it normalises with the batch's own statistics and moves the running
 * ones when the run ends.
 */
export class BatchNorm2d extends Module {
  // Names and order are those of the reference's state dict.
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly running_mean: Parameter;
  readonly running_var: Parameter;
  readonly num_batches_tracked: Parameter;
  readonly options: BatchNormOptions;

  constructor(channels: number, options: BatchNormOptions = {}) {
    super();
    checkNames('BatchNorm2d', options, ['eps', 'momentum']);
    this.weight = new Parameter([channels], { init: { kind: 'constant', value: 1 } });
    this.bias = new Parameter([channels]);
    this.running_mean = new Parameter([channels], { role: 'buffer' });
    this.running_var = new Parameter([channels], { role: 'buffer', init: { kind: 'constant', value: 1 } });
    this.num_batches_tracked = new Parameter([], { role: 'buffer', dtype: 'i32', unused: true });
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, running_mean: mean, running_var: variance, options } = this;
    if (!this.training) return batchNorm2d(x, weight, bias, mean, variance, options);
    const { graph } = x;
    // A module applied twice moves its statistics twice.
    const [oldMean, oldVar] = [graph.updates.get(mean) ?? mean, graph.updates.get(variance) ?? variance];
    const batch = batchNorm2dTraining(x, weight, bias, oldMean, oldVar, options);
    graph.update(mean, batch.runningMean);
    graph.update(variance, batch.runningVar);
    return batch.y;
  }
}
