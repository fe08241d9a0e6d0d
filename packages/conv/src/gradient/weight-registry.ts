/** The algorithms of the weight gradient. */
import { Registry } from '../algorithm.js';
import type { WeightAlgorithm, WeightGradientKernel, WeightGradientProblem } from './weight-algorithm.js';
import { plain, single } from './weight-plain.js';
import { subgroup } from './weight-subgroup.js';
import { tiled } from './weight-tiled.js';

/** What a tuner's table calls this gradient. */
function weightGradientKey({ geometry }: WeightGradientProblem): string {
  const { batch, groups, inChannels, outChannels, inSize, outSize, kernel, stride, padding, dilation } = geometry;
  return [
    `weight gradient ${batch}x${inChannels}x${inSize.join('x')} to ${outChannels}x${outSize.join('x')}`,
    `kernel ${kernel.join('x')} groups ${groups} stride ${stride.join('x')} padding ${padding} dilation ${dilation.join('x')}`,
  ].join(', ');
}

export const WEIGHT_GRADIENTS: Registry<WeightGradientProblem, WeightGradientKernel, WeightAlgorithm> = new Registry(
  [tiled, subgroup, plain, single],
  weightGradientKey,
  (name) => `the weight gradient "${name}"`,
);
