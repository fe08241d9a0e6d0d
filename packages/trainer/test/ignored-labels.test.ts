/** 255 as "do not count" from the files of a data set to the losses and their gradients. */
import { evaluate, gradients, type Tensor } from '@infnet/core';
import { encodePng, multiClassTrainingData, openMultiClassDataset, phantomSource } from '@infnet/data';
import { fill } from '@infnet/testing';
import { expect, it } from 'vitest';
import { classDiceLoss, crossEntropy, focalLoss, tverskyLoss } from '../src/index.js';
import { useSharedContext } from './support/small.js';

const context = useSharedContext();
const [size, width, height, ignoreIndex] = [16, 72, 80, 255] as const;

it('pixels that a mask marks with 255 change no loss and get no gradient', async () => {
  const phantoms = phantomSource({ count: 2, seed: 3, kind: 'multi-class', phantom: { width, height, burden: 0.4 } });
  // Three classes in stripes; the left half of each mask does not count.
  const marked = Uint8Array.from({ length: width * height }, (_, i) =>
    i % width < width / 2 ? ignoreIndex : Math.floor(i / width / 9) % 3,
  );
  const mask = encodePng({ width, height, data: marked });
  const source = {
    ...phantoms,
    list: () => phantoms.list(),
    read: async (path: string) => (path.startsWith('GT/') ? mask : phantoms.read(path)),
  };
  const dataset = await openMultiClassDataset(source, { ignoreIndex });
  const { classes } = await multiClassTrainingData(dataset, 'classes', { size }).batch([
    { index: 0, seed: 1 },
    { index: 1, seed: 2 },
  ]);
  const area = size * size;
  const counts = (i: number): boolean => classes[Math.floor(i / (3 * area)) * area + (i % area)] !== ignoreIndex;
  const x = fill('logits', 2 * 3 * area, 3);
  const others = x.map((v, i) => (counts(i) ? v : 5 - v));
  const compute = (data: Float32Array) =>
    evaluate(
      context(),
      ({ x, t }) => {
        const losses = [crossEntropy, focalLoss, classDiceLoss, tverskyLoss].map((loss) => loss(x, t, { ignoreIndex }));
        const weighted = crossEntropy(x, t, { ignoreIndex, weights: [1, 2, 3], labelSmoothing: 0.1 });
        const all = Object.fromEntries([...losses, weighted].map((loss, k) => [`loss${k}`, loss]));
        const slopes = Object.entries(all).map(([name, loss]) => [`d/${name}`, gradients(loss, [x])[0] as Tensor]);
        return { ...all, ...(Object.fromEntries(slopes) as Record<string, Tensor>) };
      },
      {
        x: { shape: [2, 3, size, size], data },
        t: { shape: [2, size, size], data: classes as Uint32Array },
      },
    );
  const [found, again] = [await compute(x), await compute(others)];
  expect(Object.keys(found)).toHaveLength(10);
  for (const [name, { data }] of Object.entries(found)) {
    expect(data.every(Number.isFinite), name).toBe(true);
    expect(again[name]?.data, name).toEqual(data);
    if (!name.startsWith('d/')) continue;
    expect(
      [...data.entries()].every(([i, v]) => counts(i) || v === 0),
      name,
    ).toBe(true);
    expect(
      data.some((v) => v !== 0),
      name,
    ).toBe(true);
  }
});
