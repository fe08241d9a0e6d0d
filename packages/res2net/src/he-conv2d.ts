import { Conv2d, type Conv2dModuleOptions, type Pair } from '@infnet/conv';
import { Parameter } from '@infnet/core';

/** A convolution without bias whose first weights are He's: normal with deviation sqrt(2 / fan out) (quirk 7). */
export class HeConv2d extends Conv2d {
  override readonly weight: Parameter;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: Omit<Conv2dModuleOptions, 'bias'> = {},
  ) {
    super(inChannels, outChannels, kernelSize, { ...options, bias: false });
    const [rows, columns] = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
    const shape = [outChannels, inChannels / (options.groups ?? 1), rows, columns];
    this.weight = new Parameter(shape, { init: { kind: 'kaimingNormalFanOut', fanOut: outChannels * rows * columns } });
  }
}
