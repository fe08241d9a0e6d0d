import { Module, Sequential, type Tensor } from '@infnet/core';
import { MaxPool2d } from '@infnet/nn';
import { DoubleConv } from './double-conv.js';

/** Half the size (rounded down), by the maximum of 2x2 pixels, then a {@link DoubleConv}. */
export class Down extends Module {
  readonly maxpool_conv: Sequential;

  constructor(inputChannels: number, outputChannels: number) {
    super();
    this.maxpool_conv = new Sequential(new MaxPool2d(2), new DoubleConv(inputChannels, outputChannels));
  }

  override forward(x: Tensor): Tensor {
    return this.maxpool_conv.call(x);
  }
}
