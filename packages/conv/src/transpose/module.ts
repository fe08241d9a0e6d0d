import { checkNames, Module, Parameter, type Tensor } from '@infnet/core';
import type { Pair } from '../geometry.js';
import { type ConvTranspose2dOptions, convTranspose2dSettings } from './geometry.js';
import { convTranspose2d } from './operator.js';

export interface ConvTranspose2dModuleOptions extends ConvTranspose2dOptions {
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
}

/**
 * Transposed convolution with its own weights; `state_dict` names `weight` [in, out / groups, kh, kw] and `bias` [out].
 * First values: uniform in +-1 / sqrt(out / groups * kh * kw), as is PyTorch's default.
 */
export class ConvTranspose2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #options: ConvTranspose2dOptions;

  /** @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_ATTRIBUTE`. */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: ConvTranspose2dModuleOptions = {}) {
    super();
    checkNames('ConvTranspose2d', options, ['stride', 'padding', 'outputPadding', 'dilation', 'groups', 'bias']);
    const { bias = true, ...rest } = options;
    const kernel = typeof kernelSize === 'number' ? ([kernelSize, kernelSize] as const) : kernelSize;
    const { groups } = convTranspose2dSettings(rest, 'ConvTranspose2d');
    const fanIn = (outChannels / groups) * kernel[0] * kernel[1];
    const init = { kind: 'uniformFanIn', fanIn } as const;
    this.weight = new Parameter([inChannels, outChannels / groups, ...kernel], { init });
    this.bias = bias ? new Parameter([outChannels], { init }) : undefined;
    this.#options = rest;
  }

  override forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.#options);
  }
}
