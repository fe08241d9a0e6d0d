/** From a file of weights to the net of a task, with the values it takes. */
import { assertMatches, matchStateDict } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import type { NetOptions, Recognised, SegmentationTask, WeightsContent } from './task.js';

export interface LoadedNet extends Recognised {
  readonly state: StateDict;
}

/**
 * @param file for errors
 * @returns undefined when the weights are of another net
 * @throws InfnetError `CHECKPOINT_KEYS` lists what is missing, surplus or mis-shaped
 */
export function loadNet(
  task: SegmentationTask,
  weights: WeightsContent,
  file: string,
  asked: NetOptions = {},
): LoadedNet | undefined {
  const found = task.recognise({ ...weights, file }, asked);
  if (found === undefined) return undefined;
  const { net, isOptional } = found;
  const expected = net.module.stateDictSpec();
  const match = matchStateDict(expected, { tensors: new Map(weights.tensors) }, { optional: isOptional, prefix: '' });
  return { ...found, state: assertMatches(match, file) };
}
