/** The U-Net on a device, asked slice by slice. */
import {
  type BatchSize,
  type Context,
  ParameterStore,
  type Precision,
  Predictor,
  type PredictorOptions,
  type Tensor,
} from '@infnet/core';
import type { UNet } from '@infnet/inf-net';
import { INPUT_CHANNELS, type LoadedUNet } from './unet-weights.js';

export interface ClassNetwork {
  /**
   * Logits [3 * size * size] of inputs [6 * size * size].
   *
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  run(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** What it computes with. */
  readonly precision: Precision;
}

export interface ClassNetworkOptions extends Pick<PredictorOptions, 'precision' | 'onMessage'> {
  readonly size: number;
  readonly batch: number;
}

/** Gives `logits` [3, size, size] of `image` [6, size, size]. */
export function classPredictor(
  net: UNet,
  options: Omit<PredictorOptions, 'forward'> = {},
): Predictor<'image', 'logits'> {
  const forward = ({ image }: { readonly image: Tensor }) => ({ logits: net.call(image) });
  return new Predictor({ ...options, forward });
}

export function classInputs(size: number, batch: number): BatchSize<'image'> {
  return { item: { image: [INPUT_CHANNELS, size, size] }, batch };
}

/** Puts the weights on the device and compiles. The context's disposal frees everything. */
export async function prepareClasses(
  context: Context,
  { net, state }: Pick<LoadedUNet, 'net' | 'state'>,
  { size, batch, ...options }: ClassNetworkOptions,
): Promise<ClassNetwork> {
  const parameters = new ParameterStore(context, net);
  parameters.load(state);
  const predictor = classPredictor(net, { ...options, parameters });
  const slices = classInputs(size, batch);
  const { precision } = await predictor.prepare(slices);
  return {
    precision,
    async run(inputs, signal) {
      const images = inputs.map((image) => ({ image }));
      return (await predictor.run(slices, images, { signal })).map(({ logits }) => logits);
    },
  };
}
