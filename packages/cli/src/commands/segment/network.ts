/** The weights on a device, ready for slices. */
import {
  type Context,
  ParameterStore,
  type Precision,
  Predictor,
  type PredictorOptions,
  type PredictorProgress,
  type Tensor,
} from '@infnet/core';
import type { InfNet } from '@infnet/inf-net';
import { cliError } from '../../errors.js';
import type { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import type { LoadedWeights } from './weights.js';

export interface NetworkOptions extends Pick<PredictorOptions, 'precision' | 'onMessage'> {
  readonly size: number;
  readonly batch: number;
}

export interface Network {
  /**
   * Logits of lateral map 2, [size * size] each, of inputs [3 * size * size].
   *
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  run(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Bytes that the plan and the parameters take on the device. */
  readonly bytes: number;
  /** Pipelines compiled. */
  readonly pipelines: number;
  /** What it computes with. */
  readonly precision: Precision;
}

/** @throws InfnetError `CLI_USAGE` unless the net can take pictures of `size` */
export function checkSize(
  size: number,
  { sizeMultiple: multiple }: Pick<InfNet, 'sizeMultiple'>,
  backbone: string,
): void {
  if (size % multiple === 0) return;
  const fits = [Math.floor(size / multiple), Math.ceil(size / multiple)].filter((n) => n > 0).map((n) => n * multiple);
  const message = `--size ${size} is no multiple of ${multiple}, which ${backbone} needs.`;
  throw cliError('CLI_USAGE', message, `Give ${fits.join(' or ')}; the reference uses 352.`);
}

/** Puts the weights on the device and compiles. The context's disposal frees everything. */
export async function prepareNetwork(
  context: Context,
  { net, state }: LoadedWeights,
  { size, batch, ...options }: NetworkOptions,
  onProgress?: (progress: PredictorProgress) => void,
): Promise<Network> {
  const parameters = new ParameterStore(context, net);
  parameters.load(state);
  const forward = ({ image }: { readonly image: Tensor }) => ({ lateralMap2: net.call(image).lateralMap2 });
  const predictor = new Predictor({ ...options, forward, parameters });
  const slices = { item: { image: [3, size, size] }, batch };
  const { precision } = await predictor.prepare(slices, { onProgress });
  return {
    bytes: context.memory.bytes,
    pipelines: context.pipelines.size,
    precision,
    async run(inputs, signal) {
      const images = inputs.map((image) => ({ image }));
      return (await predictor.run(slices, images, { signal })).map(({ lateralMap2 }) => lateralMap2);
    },
  };
}

/** The same with a bar, and given up on Ctrl-C. @throws InfnetError `CLI_INTERRUPTED` */
export async function prepareWithProgress(
  context: Context,
  weights: LoadedWeights,
  options: Pick<NetworkOptions, 'size' | 'batch' | 'precision'>,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Network> {
  let total = -1;
  const onProgress = (step: PredictorProgress): void => {
    if (signal?.aborted) return;
    if (step.total !== total) progress.phase('compiling kernels', step.total);
    total = step.total;
    progress.update(step.done);
  };
  const onMessage = (line: string): void => progress.line(line);
  try {
    return await unlessAborted(prepareNetwork(context, weights, { ...options, onMessage }, onProgress), signal);
  } finally {
    progress.clear();
  }
}
