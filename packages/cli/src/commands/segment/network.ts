/** A task's net on a device, compiled under a bar. */
import type { PlanProgress } from '@infnet/core';
import { type Network, type NetworkOptions, openNetwork, type SharedContext, type TaskNet } from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import type { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import type { LoadedWeights } from './weights.js';

/** @throws InfnetError `CLI_USAGE` unless the net can take pictures of `size` */
export function checkSize(size: number, { sizeMultiple: multiple }: Pick<TaskNet, 'sizeMultiple'>, name: string): void {
  if (size % multiple === 0) return;
  const fits = [Math.floor(size / multiple), Math.ceil(size / multiple)].filter((n) => n > 0).map((n) => n * multiple);
  const message = `--size ${size} is no multiple of ${multiple}, which ${name} needs.`;
  throw cliError('CLI_USAGE', message, `Give ${fits.join(' or ')}; the reference uses 352.`);
}

/** Puts the weights on the device and compiles; given up on Ctrl-C. @throws InfnetError `CLI_INTERRUPTED` */
export async function prepareWithProgress(
  shared: SharedContext,
  weights: LoadedWeights,
  options: Pick<NetworkOptions, 'size' | 'batch' | 'precision'>,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Network> {
  let total = -1;
  const onProgress = (step: Pick<PlanProgress, 'done' | 'total'>): void => {
    if (signal?.aborted) return;
    if (step.total !== total) progress.phase('compiling kernels', step.total);
    total = step.total;
    progress.update(step.done);
  };
  const onMessage = (line: string): void => progress.line(line);
  try {
    return await unlessAborted(openNetwork(shared, weights, { ...options, onProgress, onMessage }), signal);
  } finally {
    progress.clear();
  }
}
