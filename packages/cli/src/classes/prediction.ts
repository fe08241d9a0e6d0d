/** The U-Net's prediction, planned once for a batch and run for every batch. */
import {
  type Context,
  type ParameterStore,
  type PlanOptions,
  type Precision,
  planInBatches,
  type Tensor,
} from '@infnet/core';
import type { UNet } from '@infnet/inf-net';
import { CLASSES, INPUT_CHANNELS } from './unet-weights.js';

export interface ClassPrediction extends Disposable {
  /**
   * Logits [3 * size * size] of each of at most `batch` inputs [6 * size * size].
   *
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  run(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** What it computes with. */
  readonly precision: Precision;
}

export interface ClassPredictionOptions extends Pick<PlanOptions, 'precision' | 'onProgress' | 'onMessage'> {
  readonly size: number;
  readonly batch: number;
}

/** The net must be in inference mode while it is planned; parameters may change between runs. */
export async function planClassPrediction(
  context: Context,
  net: UNet,
  parameters: ParameterStore,
  { size, batch, ...options }: ClassPredictionOptions,
): Promise<ClassPrediction> {
  const forward = ({ image }: { readonly image: Tensor }) => ({ logits: net.call(image) });
  const shape = [batch, INPUT_CHANNELS, size, size];
  const planned = await planInBatches(context, forward, { image: shape }, { ...options, parameters });
  const area = size * size;
  return {
    precision: planned.plan.precision,
    async run(inputs, signal) {
      const image = new Float32Array(batch * INPUT_CHANNELS * area);
      for (const [i, input] of inputs.entries()) image.set(input, i * INPUT_CHANNELS * area);
      const { logits } = await planned.run({ image }, { signal });
      return inputs.map((_, i) => (logits as Float32Array).slice(i * CLASSES * area, (i + 1) * CLASSES * area));
    },
    [Symbol.dispose]: () => planned.dispose(),
  };
}
