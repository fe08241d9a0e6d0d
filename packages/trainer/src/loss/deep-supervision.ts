/** Losses of a net's maps of several sizes, weighed. */
import { InfnetError, sumTensors, type Tensor } from '@infnet/core';
import { mulScalar } from '@infnet/nn';

/**
 * nnU-Net's weights of `count` maps, the largest map first: each half of the one before, the smallest map's 0, scaled
 * so that they sum to 1.
 *
 * @throws InfnetError `LOSS_WEIGHTS` unless `count` is an integer of at least 1.
 */
export function deepSupervisionWeights(count: number): number[] {
  if (!Number.isSafeInteger(count) || count < 1) throw wrong(`there are ${count} maps; at least 1 is needed`);
  const kept = Math.max(1, count - 1);
  // 1 + 1/2 + ... over the maps that are kept.
  const total = 2 - 2 ** (1 - kept);
  return Array.from({ length: count }, (_, i) => (i < kept ? 2 ** -i / total : 0));
}

/**
 * The weighed sum of the losses of a net's maps, the largest map first. Losses with weight 0 are left out, so that
 * nothing is computed for them.
 *
 * @param weights finite, one per loss, not all 0. Default: {@link deepSupervisionWeights}.
 * @throws InfnetError `LOSS_WEIGHTS`.
 */
export function deepSupervision(
  losses: readonly Tensor[],
  weights: readonly number[] = deepSupervisionWeights(losses.length),
): Tensor {
  if (weights.length !== losses.length) throw wrong(`there are ${weights.length} weights and ${losses.length} losses`);
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0) throw wrong(`the weight of loss ${bad} is ${weights[bad]}; a finite number is needed`);
  if (weights.every((weight) => weight === 0)) throw wrong('all weights are 0');
  const weighed = losses.map((loss, i) => [loss, weights[i] as number] as const).filter(([, weight]) => weight !== 0);
  return sumTensors(weighed.map(([loss, weight]) => (weight === 1 ? loss : mulScalar(loss, weight))));
}

function wrong(message: string): InfnetError {
  const fix = 'Give one weight for each map, the largest map first, or none for those of nnU-Net.';
  return new InfnetError({ code: 'LOSS_WEIGHTS', message, where: 'deepSupervision', fix });
}
