/** The weights on a device, ready for slices. */
import { type Context, ParameterStore, type Precision } from '@infnet/core';
import {
  type BackboneName,
  type InfNet,
  type Prediction,
  type PredictionOptions,
  planPrediction,
} from '@infnet/inf-net';
import { cliError } from '../../errors.js';
import type { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import type { LoadedWeights } from './weights.js';

export interface Network extends Pick<Prediction, 'run'> {
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
  backbone: BackboneName,
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
  options: PredictionOptions,
): Promise<Network> {
  const parameters = new ParameterStore(context, net);
  parameters.load(state);
  const prediction = await planPrediction(context, net, parameters, options);
  return {
    bytes: context.memory.bytes,
    pipelines: context.pipelines.size,
    precision: prediction.plan.precision,
    run: prediction.run,
  };
}

/** The same with a bar, and given up on Ctrl-C. @throws InfnetError `CLI_INTERRUPTED` */
export async function prepareWithProgress(
  context: Context,
  weights: LoadedWeights,
  options: Pick<PredictionOptions, 'size' | 'batch' | 'precision'>,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Network> {
  let total = -1;
  const onProgress: PredictionOptions['onProgress'] = (step) => {
    if (signal?.aborted) return;
    if (step.total !== total) progress.phase('compiling kernels', step.total);
    total = step.total;
    progress.update(step.done);
  };
  const onMessage = (line: string): void => progress.line(line);
  try {
    return await unlessAborted(prepareNetwork(context, weights, { ...options, onProgress, onMessage }), signal);
  } finally {
    progress.clear();
  }
}
