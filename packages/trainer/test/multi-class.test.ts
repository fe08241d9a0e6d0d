/** The second stage end to end on phantoms: slices and priors to classes, with a U-Net of a sixteenth of the width. */

import { ParameterStore, preparePlan, trace } from '@infnet/core';
import {
  decideClasses,
  type MultiClassDataset,
  multiClassTrainingData,
  openMultiClassDataset,
  phantomSource,
} from '@infnet/data';
import { UNet } from '@infnet/inf-net';
import { sigmoid } from '@infnet/nn';
import { isLong, longNote } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { Adam, bce, constant, crossEntropy, SGD, Trainer, type TrainerOptions } from '../src/index.js';
import { useSharedContext } from './support/small.js';

const shared = useSharedContext();
const size = 32;

let opened: Promise<MultiClassDataset> | undefined;
const phantoms = (): Promise<MultiClassDataset> => {
  opened ??= openMultiClassDataset(
    phantomSource({
      count: 4,
      seed: 3,
      kind: 'multi-class',
      phantom: { width: 72, height: 80, burden: 0.4, noise: 15 },
    }),
  );
  return opened;
};

type Chosen = 'net' | 'data' | 'loss' | 'optimizer' | 'learningRate' | 'epochs';

async function train<N extends string>(options: Pick<TrainerOptions<N>, Chosen>) {
  const losses: number[] = [];
  const { state } = await new Trainer({
    ...options,
    open: async () => shared(),
    close: () => {},
    batchSize: 4,
    seed: 2,
    onStep: ({ loss }) => void losses.push(loss),
  }).run();
  return { losses, state };
}

describe('the multi-class stage', () => {
  it.skipIf(!isLong)(
    `learns ground-glass and consolidation of phantoms by cross entropy, and predicts both${longNote}`,
    async () => {
      const dataset = await phantoms();
      expect(Math.min(...dataset.counts)).toBeGreaterThan(100);
      const net = new UNet({ width: 1 / 16 });
      const { losses, state } = await train({
        net,
        data: multiClassTrainingData(dataset, 'classes', { size }),
        loss: ({ image, classes }) => crossEntropy(net.call(image), classes),
        optimizer: (parameters) => new Adam(parameters),
        learningRate: constant(0.01),
        epochs: 60,
      });
      expect(losses[0]).toBeGreaterThan(0.7);
      expect(losses.at(-1)).toBeLessThan(0.4 * (losses[0] as number));

      using parameters = new ParameterStore(shared(), net);
      parameters.load(state.parameters);
      const graph = trace(({ image }) => ({ logits: net.call(image) }), { image: [1, 6, size, size] });
      using plan = await preparePlan(shared(), graph, { parameters });
      // Pixels by true class and predicted class.
      const table = [0, 1, 2].map(() => [0, 0, 0]);
      for (let i = 0; i < dataset.length; i++) {
        const { image, classes } = await dataset.sample(i, { size });
        const { logits } = await plan.run({ image: image.data }, { read: ['logits'] });
        const map = decideClasses({ data: logits as Float32Array, shape: [1, 3, size, size] });
        for (const [k, found] of map.data.entries()) {
          const row = table[classes.data[k] as number] as number[];
          row[found] = (row[found] as number) + 1;
        }
      }
      for (const k of [1, 2]) {
        const row = table[k] as number[];
        const recall = (row[k] as number) / row.reduce((a, b) => a + b);
        expect(recall, `class ${k}: ${JSON.stringify(table)}`).toBeGreaterThan(0.5);
      }
    },
  );

  it('trains as released: one-hot one place off, cross entropy per channel after the sigmoid, SGD', async () => {
    const net = new UNet({ width: 1 / 16 });
    const { losses } = await train({
      net,
      data: multiClassTrainingData(await phantoms(), 'onehot', { size }),
      loss: ({ image, onehot }) => bce(sigmoid(net.call(image)), onehot),
      optimizer: (parameters) => new SGD(parameters, { momentum: 0.7 }),
      learningRate: constant(0.2),
      epochs: 6,
    });
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
  });
});
