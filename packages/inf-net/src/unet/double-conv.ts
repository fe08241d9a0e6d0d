import { Conv2d } from '@infnet/conv';
import { Module, Sequential, type Tensor } from '@infnet/core';
import { BatchNorm2d, ReLU } from '@infnet/nn';

/**
 * Two 3x3 convolutions, each followed by batch norm and relu. The convolutions have biases although batch norm removes
 * any constant (quirk 9): the checkpoints have them.
 */
export class DoubleConv extends Module {
  readonly double_conv: Sequential;

  constructor(inputChannels: number, outputChannels: number, middleChannels: number = outputChannels) {
    super();
    this.double_conv = new Sequential(
      new Conv2d(inputChannels, middleChannels, 3, { padding: 1 }),
      new BatchNorm2d(middleChannels),
      new ReLU(),
      new Conv2d(middleChannels, outputChannels, 3, { padding: 1 }),
      new BatchNorm2d(outputChannels),
      new ReLU(),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.double_conv.call(x);
  }
}
