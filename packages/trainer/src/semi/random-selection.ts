/**
 * Randomly selected propagation, the paper's strategy (algorithm 1): the unlabelled images are shuffled once and
 * join the training set K at a time, each with the label that the net gives it when its turn comes. Labels stay as they
 * were made (quirk 23).
 */
import { mixSeed, permutation } from '../trainer/order.js';
import { checkChoices, checkNumbers, semiOption } from './options-check.js';
import type { SemiStrategy } from './strategy.js';

export interface RandomSelectionOptions {
  /** K, images per round. Default 5, as in the paper. Larger than the unlabelled set: one round with all of it. */
  readonly groupSize?: number;
  /** What becomes of a last group of fewer than K images: a smaller round (default), or nothing, as released. */
  readonly remainder?: 'use' | 'drop';
}

/** @throws InfnetError `SEMI_OPTION`. */
export function randomSelection(options: RandomSelectionOptions = {}): SemiStrategy {
  const { groupSize = 5, remainder = 'use' } = options;
  checkChoices('randomSelection', options, ['groupSize', 'remainder'], { remainder: [remainder, ['use', 'drop']] });
  checkNumbers({ groupSize: { value: groupSize, least: 1, whole: true } });
  const rounds = (count: number): number =>
    remainder === 'use' ? Math.ceil(count / groupSize) : Math.floor(count / groupSize);
  return {
    name: 'random-selection',
    settings: { groupSize, remainder },
    rounds,
    check(unlabelled) {
      if (rounds(unlabelled) > 0) return;
      const message = `${unlabelled} unlabelled images make no group of ${groupSize}, and smaller ones are dropped`;
      throw semiOption(message, "Use { remainder: 'use' } or smaller groups.");
    },
    next({ round, seed, unlabelled }) {
      if (round >= rounds(unlabelled)) return undefined;
      const order = permutation(unlabelled, mixSeed(seed, SHUFFLE), 0);
      return { label: order.slice(round * groupSize, (round + 1) * groupSize) };
    },
  };
}

/** Keeps this shuffle apart from others of the same seed. */
const SHUFFLE = 0x5e1ec7;
