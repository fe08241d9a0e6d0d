import { Conv2d } from '@infnet/conv';
import { checkNames, Module, type Pair, type Tensor } from '@infnet/core';
import { BatchNorm2d } from '@infnet/nn';

export interface BasicConv2dOptions {
  readonly stride?: Pair;
  /** Default 0. */
  readonly padding?: Pair;
  readonly dilation?: Pair;
}

/**
 * A convolution without bias, then batch norm, and **no** ReLU: the reference's block of that name owns one and never
 * calls it (golden quirk 1). Keys: `conv.weight`, `bn.weight`, `bn.bias`, `bn.running_mean`, `bn.running_var`,
 * `bn.num_batches_tracked`. In inference the planner folds the two into one convolution.
 */
export class BasicConv2d extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  /** `kernelSize`: one number, or [vertical, horizontal]. */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: BasicConv2dOptions = {}) {
    super();
    checkNames('BasicConv2d', options, ['stride', 'padding', 'dilation']);
    this.conv = new Conv2d(inChannels, outChannels, kernelSize, { ...options, bias: false });
    this.bn = new BatchNorm2d(outChannels);
  }

  /** [N, inChannels, H, W] to [N, outChannels, H', W']. */
  override forward(x: Tensor): Tensor {
    return this.bn.call(this.conv.call(x));
  }
}
