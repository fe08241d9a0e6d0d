import { checkNames, InfnetError } from '@infnet/core';
import { BACKBONES, type BackboneName, DEFAULT_BACKBONE } from './backbone/table.js';

export interface InfNetOptions {
  /** Default `res2net50`, the paper's. */
  readonly backbone?: BackboneName;
  /** Channels of the three receptive-field blocks' results, which the partial decoder joins. Default 32. */
  readonly channels?: number;
  /**
   * Multiplies the channels of the backbone, of the edge branch and of the reverse-attention branches, for reduced
   * nets. Default 1, the reference.
   */
  readonly width?: number;
  /** Channels of the image. Default 3. */
  readonly inputChannels?: number;
}

/** @throws InfnetError `MODULE_OPTION`. */
export function checkedOptions(options: InfNetOptions): Required<InfNetOptions> {
  checkNames('InfNet', options, ['backbone', 'channels', 'width', 'inputChannels']);
  const { backbone = DEFAULT_BACKBONE, channels = 32, width = 1, inputChannels = 3 } = options;
  const fail = (message: string, fix: string): never => {
    throw new InfnetError({ code: 'MODULE_OPTION', message, where: 'InfNet', fix });
  };
  if (!BACKBONES.includes(backbone))
    fail(`the backbone "${String(backbone)}" is not known`, `Use ${BACKBONES.join(', ')}.`);
  if (!(width > 0)) fail(`the width ${width} is not positive`, 'Use 1 for the reference, less for a smaller net.');
  for (const [name, value] of Object.entries({ channels, inputChannels })) {
    if (!Number.isInteger(value) || value < 1) fail(`${name} is ${value}`, 'Use a positive integer.');
  }
  return { backbone, channels, width, inputChannels };
}
