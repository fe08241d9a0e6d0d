/** The net on a device: planned once for a batch, run for every batch. */
import {
  type Context,
  ParameterStore,
  type PlanProgress,
  planInBatches,
  type Tensor,
  type TraceResult,
} from '@infnet/core';
import { cliError } from '../../errors.js';
import type { LoadedWeights } from './weights.js';

export interface Network {
  /** Bytes that the plan and the parameters take on the device. */
  readonly bytes: number;
  /** Pipelines compiled. */
  readonly pipelines: number;
  /**
   * Logits of lateral map 2, [size * size] each, of at most `batch` inputs [3 * size * size].
   *
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  run(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
}

export interface NetworkOptions {
  readonly size: number;
  readonly batch: number;
  readonly onProgress?: (progress: PlanProgress) => void;
}

/** @throws InfnetError `CLI_USAGE` unless the net can take pictures of `size` */
export function checkSize(size: number, { net, description }: Pick<LoadedWeights, 'net' | 'description'>): void {
  const multiple = net.sizeMultiple;
  if (size % multiple === 0) return;
  const fits = [Math.floor(size / multiple), Math.ceil(size / multiple)].filter((n) => n > 0).map((n) => n * multiple);
  const message = `--size ${size} is no multiple of ${multiple}, which ${description.backbone} needs.`;
  throw cliError('CLI_USAGE', message, `Give ${fits.join(' or ')}; the reference uses 352.`);
}

/** Puts the weights on the device and compiles. The context's disposal frees everything. */
export async function prepareNetwork(
  context: Context,
  { net, state }: LoadedWeights,
  { size, batch, onProgress }: NetworkOptions,
): Promise<Network> {
  const parameters = new ParameterStore(context, net);
  parameters.load(state);
  // Only the prediction is asked for.
  const forward = ({ image }: { readonly image: Tensor }): TraceResult => ({
    lateralMap2: net.call(image).lateralMap2,
  });
  const planned = await planInBatches(context, forward, { image: [batch, 3, size, size] }, { parameters, onProgress });
  const area = size * size;
  return {
    bytes: context.memory.bytes,
    pipelines: context.pipelines.size,
    async run(inputs, signal) {
      const image = new Float32Array(batch * 3 * area);
      for (const [i, input] of inputs.entries()) image.set(input, i * 3 * area);
      const { lateralMap2 } = await planned.run({ image }, { signal });
      return inputs.map((_, i) => (lateralMap2 as Float32Array).slice(i * area, (i + 1) * area));
    },
  };
}
