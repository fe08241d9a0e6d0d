/** Inputs at another size: pictures are blended, labels are not, and one-hot masks only where that was asked for. */
import { Conv2d } from '@infnet/conv';
import { type InputSpec, ParameterStore, type Tensor } from '@infnet/core';
import { fill } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { crossEntropy, type InputResize, SGD, type StepReport, trainingStep } from '../src/index.js';
import { useSharedContext } from './support/small.js';

const shared = useSharedContext();
const [N, SIDE, TO] = [2, 8, 5];

type Data = Float32Array | Uint32Array | Int32Array;

/** One step at TO x TO whose output `seen` is the target as the loss function gets it. */
async function seen(
  target: { readonly spec: InputSpec; readonly data: Data },
  options: {
    readonly resize?: { readonly target?: InputResize };
    readonly loss?: (logits: Tensor, target: Tensor) => Tensor;
  } = {},
): Promise<StepReport> {
  const net = new Conv2d(3, 3, 1);
  const store = new ParameterStore(shared(), net);
  store.initialize(1);
  const optimizer = new SGD(store);
  const { resize, loss = crossEntropy } = options;
  try {
    const step = await trainingStep(shared(), {
      net,
      optimizer,
      inputs: { image: [N, 3, SIDE, SIDE], target: target.spec },
      size: [TO, TO],
      ...(resize && { resize }),
      loss: ({ image, target }) => ({ loss: loss(net.call(image), target), outputs: { seen: target } }),
    });
    try {
      const image = fill('image', N * 3 * SIDE * SIDE);
      return await step.run({ image, target: target.data }, { learningRate: 0.1, read: ['seen'] });
    } finally {
      step.dispose();
    }
  } finally {
    optimizer.dispose();
    store.dispose();
  }
}

const labels = Uint32Array.from({ length: N * SIDE * SIDE }, (_, i) => (i * 7 + (i >> 3)) % 3);
/** The nearest of positions that put corner pixels on corner pixels. */
const nearest = (i: number): number => Math.floor((i * (SIDE - 1)) / (TO - 1) + 0.5);
const expected = Array.from({ length: N * TO * TO }, (_, i) => {
  const [n, row, column] = [Math.floor(i / (TO * TO)), Math.floor(i / TO) % TO, i % TO];
  return labels[(n * SIDE + nearest(row)) * SIDE + nearest(column)] as number;
});
const oneHot = (classes: ArrayLike<number>, area: number): Float32Array => {
  const data = new Float32Array(classes.length * 3);
  for (let i = 0; i < classes.length; i++) {
    data[(Math.floor(i / area) * 3 + (classes[i] as number)) * area + (i % area)] = 1;
  }
  return data;
};

describe('at another scale', () => {
  it.each(['u32', 'i32'] as const)('%s labels are resized by nearest neighbour', async (dtype) => {
    const data = dtype === 'u32' ? labels : Int32Array.from(labels);
    const report = await seen({ spec: { shape: [N, SIDE, SIDE], dtype }, data });
    expect([...(report.outputs['seen'] as Data)]).toEqual(expected);
    expect(report.finite).toBe(true);
  });

  it('labels out of range are still refused', async () => {
    const data = labels.map((label, i) => (i === 100 ? 9 : label));
    await expect(seen({ spec: { shape: [N, SIDE, SIDE], dtype: 'u32' }, data })).rejects.toMatchObject({
      code: 'LABEL_RANGE',
      message: expect.stringMatching(/item 1 of "target" has the label 9 at \[4, 4\]/),
    });
  });

  const target = { spec: [N, 3, SIDE, SIDE], data: oneHot(labels, SIDE * SIDE) };

  it('one-hot masks are refused until somebody says how', async () => {
    await expect(seen(target)).rejects.toMatchObject({
      code: 'TRAINING_RESIZE',
      message: expect.stringContaining('"target" holds one-hot masks'),
      fix: expect.stringContaining("resize: { target: 'nearest' }"),
    });
  });

  it('one-hot masks stay one-hot by nearest neighbour, and are blended by bilinear', async () => {
    const whole = await seen(target, { resize: { target: 'nearest' } });
    expect(whole.outputs['seen']).toEqual(oneHot(expected, TO * TO));
    const blended = await seen(target, { resize: { target: 'bilinear' } });
    expect((blended.outputs['seen'] as Float32Array).some((value) => value > 0 && value < 1)).toBe(true);
  });

  it('soft maps of several channels are blended as pictures are', async () => {
    const soft = { ...target, data: target.data.map((value) => 0.1 + 0.7 * value) };
    expect((await seen(soft)).finite).toBe(true);
  });

  it('what cannot be resized as asked is refused', async () => {
    const given = { spec: { shape: [N, SIDE, SIDE], dtype: 'u32' } as const, data: labels };
    await expect(seen(given, { resize: { target: 'bilinear' } })).rejects.toMatchObject({ code: 'TRAINING_RESIZE' });
  });
});
