import { checkNames, Module, Parameter, type Tensor } from '@infnet/core';
import { type Conv2dOptions, conv2dSettings, type Pair } from '../geometry.js';
import { conv2d } from './conv2d.js';

export interface Conv2dModuleOptions extends Conv2dOptions {
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
}

/**
 * Convolution with its own weights; `state_dict` names `weight` [out, in / groups, kh, kw] and `bias` [out]. First
 * values: uniform in +-1 / sqrt(fan in), as is the default in the field.
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #options: Conv2dOptions;

  /** @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_ATTRIBUTE`. */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dModuleOptions = {}) {
    super();
    checkNames('Conv2d', options, ['stride', 'padding', 'dilation', 'groups', 'bias']);
    const { bias = true, ...rest } = options;
    const kernel = typeof kernelSize === 'number' ? ([kernelSize, kernelSize] as const) : kernelSize;
    const { groups } = conv2dSettings(rest, kernel, 'Conv2d');
    const fanIn = (inChannels / groups) * kernel[0] * kernel[1];
    const init = { kind: 'uniformFanIn', fanIn } as const;
    this.weight = new Parameter([outChannels, inChannels / groups, ...kernel], { init });
    this.bias = bias ? new Parameter([outChannels], { init }) : undefined;
    this.#options = rest;
  }

  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}
