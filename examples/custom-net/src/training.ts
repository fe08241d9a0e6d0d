/** Phantoms as training data, and the training of the net on them. */
import type { Context } from '@infnet/core';
import { phantomSlice, resizePillow } from '@infnet/data';
import { add } from '@infnet/nn';
import {
  Adam,
  bceWithLogits,
  constant,
  diceLoss,
  Trainer,
  type TrainerEvents,
  type TrainingData,
} from '@infnet/trainer';
import type { CustomNet } from './net.js';

/** `count` seeded phantoms at size x size: grey values and masks in 0..1. */
export function phantoms(count: number, size: number): TrainingData {
  const slices = Array.from({ length: count }, (_, seed) => {
    const { image, infection } = phantomSlice(seed + 1);
    const scaled = (picture: typeof image) => Float32Array.from(resizePillow(picture, size, size).data, (v) => v / 255);
    return { image: scaled(image), mask: scaled(infection) };
  });
  return {
    length: count,
    inputs: { image: [1, size, size], mask: [1, size, size] },
    name: (index) => `phantom ${index + 1}`,
    batch(items) {
      const joined = (key: 'image' | 'mask') => {
        const all = new Float32Array(items.length * size * size);
        for (const [i, { index }] of items.entries())
          all.set((slices[index] as (typeof slices)[0])[key], i * size * size);
        return all;
      };
      return { image: joined('image'), mask: joined('mask') };
    },
  };
}

export interface TrainingChoice extends TrainerEvents {
  readonly epochs: number;
  readonly data: TrainingData;
  readonly open: () => Promise<Context>;
}

/** Both maps learn: cross entropy and Dice on each. */
export function training(net: CustomNet, { epochs, data, open, ...events }: TrainingChoice): Trainer {
  return new Trainer({
    ...events,
    open,
    net,
    data,
    epochs,
    batchSize: 4,
    seed: 1,
    learningRate: constant(3e-3),
    optimizer: (parameters) => new Adam(parameters),
    loss: ({ image, mask }) => {
      if (image === undefined || mask === undefined) throw new Error('the data has no image or no mask');
      const { coarse, final } = net.call(image);
      const dice = diceLoss(final, mask);
      const entropy = add(bceWithLogits(coarse, mask), bceWithLogits(final, mask));
      return { loss: add(entropy, dice), parts: { dice } };
    },
  });
}
