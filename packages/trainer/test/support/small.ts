/** A net and a data set small enough to train in a test: bright discs on noise. */
import { Conv2d } from '@infnet/conv';
import { type Context, Module, open, type Tensor } from '@infnet/core';
import { BatchNorm2d, relu } from '@infnet/nn';
import { discMask, fill } from '@infnet/testing';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  Adam,
  bceWithLogits,
  constant,
  diceLoss,
  type StepLoss,
  type TrainerOptions,
  type TrainingData,
} from '../../src/index.js';

export class SmallNet extends Module {
  readonly first: Conv2d = new Conv2d(1, 4, 3, { padding: 1, bias: false });
  readonly bn: BatchNorm2d = new BatchNorm2d(4);
  readonly second: Conv2d = new Conv2d(4, 1, 3, { padding: 1 });

  override forward(x: Tensor): Tensor {
    return this.second.call(relu(this.bn.call(this.first.call(x))));
  }
}

export const SIZE = 16;

const discOf = (index: number) => [10 + 3 * (index % 4), 9 + 2 * (index % 7), 40 + 10 * (index % 5)] as const;

/** Item `index`: an image, noisier or brighter by its seed, and its mask. */
export function discs(length: number, spoiled?: number): TrainingData {
  const area = SIZE * SIZE;
  return {
    length,
    inputs: { image: [1, SIZE, SIZE], mask: [1, SIZE, SIZE] },
    name: (index) => `disc-${index}.png`,
    batch(items) {
      const image = new Float32Array(items.length * area);
      const mask = new Float32Array(items.length * area);
      for (const [i, { index, seed }] of items.entries()) {
        const ones = discMask([discOf(index)], SIZE, SIZE);
        const noise = fill(`noise/${index}`, area, 0.3, (seed % 16) / 100);
        mask.set(ones, i * area);
        image.set(
          noise.map((value, k) => value + (ones[k] as number)),
          i * area,
        );
        if (index === spoiled) image[i * area + 5] = Number.NaN;
      }
      return { image, mask };
    },
  };
}

export function lossOf(net: SmallNet): (inputs: Readonly<Record<string, Tensor>>) => StepLoss {
  return ({ image, mask }) => {
    const logits = net.call(image as Tensor);
    const loss = bceWithLogits(logits, mask as Tensor);
    return { loss, parts: { dice: diceLoss(logits, mask as Tensor) }, outputs: { logits } };
  };
}

export const openQuietly = (): Promise<Context> => open({ onMessage: () => {} });

let shared: Context | undefined;

/**
 * One context for the trainings of a test file, so that pipelines are compiled once. Checks that nothing is left
 * behind.
 */
export function useSharedContext(): () => Context {
  beforeAll(async () => {
    shared = await openQuietly();
  });
  afterAll(() => {
    expect(shared?.memory.bytes).toBe(0);
    shared?.dispose();
  });
  return () => shared as Context;
}

/** Options of a short training on the shared context; a fresh net each time. */
export function smallTraining(options: Partial<TrainerOptions> = {}): TrainerOptions {
  const net = new SmallNet();
  return {
    open: async () => shared as Context,
    close: () => {},
    net,
    loss: lossOf(net),
    optimizer: (parameters) => new Adam(parameters),
    data: discs(6),
    learningRate: constant(0.02),
    epochs: 3,
    batchSize: 2,
    seed: 7,
    ...options,
  };
}
