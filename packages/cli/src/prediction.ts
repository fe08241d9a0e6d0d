/** Inf-Net's prediction, planned once for a batch and run for every batch: for slices, validation, pseudo labels. */
import {
  type Context,
  type ParameterStore,
  type PlanProgress,
  planInBatches,
  type Tensor,
  type TraceResult,
} from '@infnet/core';
import { type GreyImage, type RgbImage, resizePillow, toRgb8, toTensor } from '@infnet/data';
import type { InfNet } from '@infnet/inf-net';

export interface Prediction extends Disposable {
  /**
   * Logits of lateral map 2, [size * size] each, of at most `batch` inputs [3 * size * size].
   *
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  run(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
}

export interface PredictionOptions {
  readonly size: number;
  readonly batch: number;
  readonly onProgress?: (progress: PlanProgress) => void;
}

/** The net must be in inference mode while it is planned; parameters may change between runs. */
export async function planPrediction(
  context: Context,
  net: InfNet,
  parameters: ParameterStore,
  { size, batch, onProgress }: PredictionOptions,
): Promise<Prediction> {
  // Only the prediction is asked for.
  const forward = ({ image }: { readonly image: Tensor }): TraceResult => ({
    lateralMap2: net.call(image).lateralMap2,
  });
  const planned = await planInBatches(context, forward, { image: [batch, 3, size, size] }, { parameters, onProgress });
  const area = size * size;
  return {
    async run(inputs, signal) {
      const image = new Float32Array(batch * 3 * area);
      for (const [i, input] of inputs.entries()) image.set(input, i * 3 * area);
      const { lateralMap2 } = await planned.run({ image }, { signal });
      return inputs.map((_, i) => (lateralMap2 as Float32Array).slice(i * area, (i + 1) * area));
    },
    [Symbol.dispose]: () => planned.dispose(),
  };
}

/** A slice as the net takes it, [3 * size * size]. Grey slices are resized once, not three times; the bits are the same. */
export function predictionInput(image: GreyImage | RgbImage, size: number): Float32Array {
  return toTensor(toRgb8(resizePillow(image, size, size))).data;
}

export function sigmoid(logits: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
}
