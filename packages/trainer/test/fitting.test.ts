/** A training for which there is no memory is refused with what there is memory for, and that is true. */
import { fromDevice, InfnetError } from '@infnet/core';
import { expect, it } from 'vitest';
import { Trainer, type TrainerOptions, type TrainingData } from '../src/index.js';
import { type AskedStep, fittingSteps } from '../src/trainer/fitting.js';
import { largestWhere } from '../src/what-fits.js';
import { smallTraining, useSharedContext } from './support/small.js';

const shared = useSharedContext();

const blank = (side: number): TrainingData => ({
  length: 8,
  inputs: { image: [1, side, side], mask: [1, side, side] },
  batch: (items) => {
    const zeros = () => new Float32Array(items.length * side * side);
    return { image: zeros().fill(0.5), mask: zeros() };
  },
});

it('is refused with the batch, the recomputation and the size that fit', async () => {
  const train = async (options: Partial<TrainerOptions>, memoryLimit = Number.POSITIVE_INFINITY): Promise<number> => {
    const asked = { data: blank(96), batchSize: 8, epochs: 1, lastBatch: 'drop', ...options } as const;
    let total = 0;
    await new Trainer({
      ...smallTraining(asked),
      open: async () => fromDevice(shared().device, { memoryLimit }),
      close: (context) => context.dispose(),
      onMemory: (memory) => {
        total = memory.total;
      },
    }).run();
    return total;
  };
  const limit = 0.7 * (await train({}));
  const refused = await train({}, limit).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(InfnetError);
  const { code, message, fix, details } = refused as InfnetError;
  expect([code, message]).toEqual([
    'MEMORY_FREE',
    expect.stringMatching(/the plan needs .* MiB more memory, and .* left/),
  ]);
  const [, batch] = /\{ batchSize: (\d+) \}/.exec(fix ?? '') ?? [];
  const [, side] = /maps of (\d+) x/.exec(fix ?? '') ?? [];
  expect(details['fitting']).toEqual(expect.arrayContaining([`{ batchSize: ${batch} }`, `maps of ${side} x ${side}`]));
  expect(Number(batch)).toBeGreaterThan(3);
  await train({ batchSize: Number(batch) }, limit);
  await expect(train({ batchSize: Number(batch) + 1 }, limit)).rejects.toThrow(/MEMORY_FREE/);
  await train({ data: blank(Number(side)) }, limit);
  await expect(train({ data: blank(Number(side) + 32) }, limit)).rejects.toThrow(/MEMORY_FREE/);
});

const asked: AskedStep = { batchSize: 16, recompute: false, inputs: { image: [3, 352, 352], mask: [1, 352, 352] } };
/** Bytes of a step in the unit of one item at 32 x 32; recomputing halves them. */
const needs = ({ batchSize, recompute, inputs }: AskedStep): number => {
  const shape = inputs['image'] as readonly number[];
  return (batchSize * ((shape[1] as number) / 32) ** 2) / (recompute === false ? 1 : 2);
};

it.each([
  [1000, ['{ batchSize: 8 }', '{ recompute: true }', 'maps of 224 x 224']],
  [600, ['{ batchSize: 4 }', '{ batchSize: 9, recompute: true }', 'maps of 192 x 192']],
  [100, ['{ batchSize: 1, recompute: true }', 'maps of 64 x 64']],
  [3, []],
])('is told of what fits into %i: %o', (room, told) => {
  expect(fittingSteps(asked, 32, (step) => needs(step) <= room)).toEqual(told);
});

it('looks for the largest that suits by halves; none is 0', () => {
  for (const most of [0, 1, 2, 7, 100]) {
    for (let suits = 0; suits <= most; suits++) expect(largestWhere(most, (value) => value <= suits)).toBe(suits);
  }
});
