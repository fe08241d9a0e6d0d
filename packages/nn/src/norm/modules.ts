/** Norms with their parameters, named as PyTorch's. */
import { checkNames, Module, Parameter, type Shape, type Tensor } from '@infnet/core';
import { groupNorm, instanceNorm2d, instanceNorm2dRunning, instanceNorm2dTraining } from './group-norm.js';
import { layerNorm, layerNorm2d } from './layer-norm.js';

const ones = (shape: Shape): Parameter => new Parameter(shape, { init: { kind: 'constant', value: 1 } });
const buffer = (shape: Shape, value: number): Parameter =>
  new Parameter(shape, { role: 'buffer', init: { kind: 'constant', value } });

export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether there are weight and bias. Default true. */
  readonly affine?: boolean;
}

/** Group norm: `numGroups` groups of `channels` channels. */
export class GroupNorm extends Module {
  // Names and order are those of PyTorch's state dict.
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly groups: number;
  readonly options: GroupNormOptions;

  constructor(numGroups: number, channels: number, options: GroupNormOptions = {}) {
    super();
    checkNames('GroupNorm', options, ['eps', 'affine']);
    const { affine = true } = options;
    this.weight = affine ? ones([channels]) : undefined;
    this.bias = affine ? new Parameter([channels]) : undefined;
    this.groups = numGroups;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, options } = this;
    return groupNorm(x, this.groups, { weight, bias, eps: options.eps ?? 1e-5 });
  }
}

export interface InstanceNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of the batch in the new running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Whether there are weight and bias. Default false, as in PyTorch. */
  readonly affine?: boolean;
  /** Keep running statistics in training and normalise by them in inference. Default false, as in PyTorch. */
  readonly trackRunningStats?: boolean;
}

/** Instance norm of images. In training it moves its running statistics, if it keeps any, when the run ends. */
export class InstanceNorm2d extends Module {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly running_mean: Parameter | undefined;
  readonly running_var: Parameter | undefined;
  readonly num_batches_tracked: Parameter | undefined;
  readonly options: InstanceNormOptions;

  constructor(channels: number, options: InstanceNormOptions = {}) {
    super();
    checkNames('InstanceNorm2d', options, ['eps', 'momentum', 'affine', 'trackRunningStats']);
    const { affine = false, trackRunningStats = false } = options;
    this.weight = affine ? ones([channels]) : undefined;
    this.bias = affine ? new Parameter([channels]) : undefined;
    this.running_mean = trackRunningStats ? buffer([channels], 0) : undefined;
    this.running_var = trackRunningStats ? buffer([channels], 1) : undefined;
    this.num_batches_tracked = trackRunningStats
      ? new Parameter([], { role: 'buffer', dtype: 'i32', unused: true })
      : undefined;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, running_mean: mean, running_var: variance } = this;
    const { eps = 1e-5, momentum = 0.1 } = this.options;
    if (mean === undefined || variance === undefined) return instanceNorm2d(x, { weight, bias, eps });
    if (!this.training) {
      return instanceNorm2dRunning(x, { weight, bias, eps, runningMean: mean, runningVar: variance });
    }
    const { graph } = x;
    // A module applied twice moves its statistics twice.
    const [runningMean, runningVar] = [graph.updates.get(mean) ?? mean, graph.updates.get(variance) ?? variance];
    const batch = instanceNorm2dTraining(x, { weight, bias, eps, momentum, runningMean, runningVar });
    graph.update(mean, batch.runningMean);
    graph.update(variance, batch.runningVar);
    return batch.y;
  }
}

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether there is a weight, and a bias. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a bias, where there is a weight. Default true. */
  readonly bias?: boolean;
}

function layerParameters(shape: Shape, { elementwiseAffine = true, bias = true }: LayerNormOptions) {
  return {
    weight: elementwiseAffine ? ones(shape) : undefined,
    bias: elementwiseAffine && bias ? new Parameter(shape) : undefined,
  };
}

/** Layer norm over the last dimensions. */
export class LayerNorm extends Module {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly normalizedShape: Shape;
  readonly options: LayerNormOptions;

  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    checkNames('LayerNorm', options, ['eps', 'elementwiseAffine', 'bias']);
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    const { weight, bias } = layerParameters(this.normalizedShape, options);
    this.weight = weight;
    this.bias = bias;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, options } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps: options.eps ?? 1e-5 });
  }
}

/** Layer norm over the channels at each position of [N, C, H, W]: ConvNeXt's and SegFormer-like nets'. */
export class LayerNorm2d extends Module {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly options: LayerNormOptions;

  constructor(channels: number, options: LayerNormOptions = {}) {
    super();
    checkNames('LayerNorm2d', options, ['eps', 'elementwiseAffine', 'bias']);
    const { weight, bias } = layerParameters([channels], options);
    this.weight = weight;
    this.bias = bias;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, options } = this;
    return layerNorm2d(x, { weight, bias, eps: options.eps ?? 1e-5 });
  }
}
