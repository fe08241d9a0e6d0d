/** The losses against the reference's numbers, against plain float64 loops, and against finite differences. */
import { type Context, evaluate, gradients, type HostTensor, open, type Tensor } from '@infnet/core';
import { add, mulScalar, narrow, sigmoid } from '@infnet/nn';
import { expectClose, fill, gradcheck, itWithGolden, sizeOf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bce, bceWithLogits, crossEntropy, diceLoss, jointLoss } from '../src/index.js';
import * as reference from './reference.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

type Loss = (x: Tensor, t: Tensor) => Tensor;

interface Result {
  readonly loss: number;
  readonly d: Float32Array;
}

/** The loss and its gradient, of which `upstream` times as much is asked for. */
async function run(loss: Loss, x: HostTensor, t: HostTensor, upstream = 1): Promise<Result> {
  const results = await evaluate(
    context,
    ({ x, t }) => {
      const value = loss(x, t);
      return { value, d: gradients(mulScalar(value, upstream), [x])[0] as Tensor };
    },
    { x, t },
  );
  return { loss: results['value']?.data[0] as number, d: results['d']?.data as Float32Array };
}

const logits = (name: string, shape: readonly number[], scale = 3): HostTensor => ({
  shape,
  data: fill(name, sizeOf(shape), scale),
});
/** Values in [0, 1], many of them exactly 0 or 1. */
const soft = (name: string, shape: readonly number[]): HostTensor => ({
  shape,
  data: fill(name, sizeOf(shape)).map((value) => Math.min(1, Math.max(0, 0.5 + 1.5 * value))),
});

interface OpSidecar {
  readonly cases: readonly { readonly case: string }[];
}

/** All cases of an op golden, with a tolerance of the value and one of the gradient. */
function goldenCases(
  path: string,
  names: { readonly x: string; readonly t: string; readonly y: string },
  loss: Loss,
  tolerance: (name: string) => { readonly value: number; readonly gradient: number },
): void {
  itWithGolden<OpSidecar>(`equals ${path}, value and gradient`, path, async (golden) => {
    expect(golden.json.cases.length).toBeGreaterThan(2);
    for (const { case: name } of golden.json.cases) {
      const tensor = (key: string): HostTensor => ({
        shape: golden.shape(`${name}/${key}`),
        data: golden.f32(`${name}/${key}`),
      });
      const found = await run(loss, tensor(names.x), tensor(names.t));
      const { value, gradient } = tolerance(name);
      expectClose([found.loss], golden.f32(`${name}/${names.y}`), { relL2: value }, `${path} ${name}`);
      expectClose(found.d, golden.f32(`${name}/d_${names.x}`), { relL2: gradient }, `${path} ${name} d`);
    }
  });
}

const TIGHT = { value: 2e-6, gradient: 5e-6 };

describe('bceWithLogits', () => {
  goldenCases('ops/bce_with_logits', { x: 'x', t: 't', y: 'y' }, bceWithLogits, () => TIGHT);

  it.each([[[1, 1]], [[3, 70]], [[2, 1, 33, 70]], [[1, 1, 300, 300]]])('equals a float64 loop: %j', async (shape) => {
    const [x, t] = [logits('x', shape), soft('t', shape)];
    const found = await run(bceWithLogits, x, t);
    expectClose([found.loss], [reference.bceWithLogits(x.data, t.data)], { relL2: 1e-6 }, 'loss');
    expectClose(found.d, reference.bceWithLogitsGradient(x.data, t.data), { relL2: 1e-6 }, 'd');
  });
});

describe('bce', () => {
  // The float32 value of "saturated" differs from float64 by 1.4 %: what is compared there is the cut at -100.
  const tolerance = (name: string) => (name === 'saturated' ? { value: 2e-2, gradient: 5e-6 } : TIGHT);
  goldenCases('ops/bce', { x: 'x', t: 't', y: 'y' }, (x, t) => bce(sigmoid(x), t), tolerance);

  it('costs at most 100 where a probability is exactly wrong, and learns from the rest', async () => {
    const x = { shape: [1, 4], data: Float32Array.of(0, 1, 1, 0.5) };
    const t = { shape: [1, 4], data: Float32Array.of(1, 0, 1, 1) };
    const { loss, d } = await run(bce, x, t);
    expectClose([loss], [(200 + Math.log(2)) / 4], { relL2: 1e-6 }, 'loss');
    expectClose(d, [-1e12 / 4, 1e12 / 4, 0, -0.5], { relL2: 1e-6 }, 'd');
    expectClose(d.slice(2), [0, -0.5], { maxAbs: 1e-6 }, 'd');
  });
});

describe('jointLoss', () => {
  goldenCases('ops/joint_loss', { x: 'pred', t: 'mask', y: 'loss' }, jointLoss, () => TIGHT);

  const shapes = [
    [1, 1, 5, 7],
    [3, 1, 33, 40],
    [2, 2, 64, 48],
    [1, 1, 352, 352],
  ];
  for (const variant of ['as-released', 'paper'] as const) {
    it.each(shapes)(`equals a float64 loop, ${variant}: %i x %i x %i x %i`, async (...shape) => {
      const [x, t] = [logits('x', shape), soft('t', shape)];
      const found = await run((x, t) => jointLoss(x, t, { variant }), x, t);
      const expected = reference.jointLoss(x.data, t.data, shape as never, variant);
      expectClose([found.loss], [expected.loss], { relL2: 1e-6 }, 'loss');
      expectClose(found.d, expected.gradient, { relL2: 5e-6 }, 'd');
    });
  }

  it('pools the mask once for all maps that are compared with it', async () => {
    const shape = [2, 1, 9, 11];
    const { first, second, both } = (await evaluate(
      context,
      ({ x, z, t }) => {
        const [first, second] = [jointLoss(x, t), jointLoss(z, t)];
        expect(x.graph.nodes.filter(({ operator }) => operator.name === 'avgPool2d')).toHaveLength(1);
        return { first, second, both: add(first, second) };
      },
      { x: logits('x', shape), z: logits('z', shape), t: soft('t', shape) },
    )) as Record<string, HostTensor>;
    expect(first?.data[0]).not.toBe(second?.data[0]);
    expectClose(both?.data ?? [], [(first?.data[0] as number) + (second?.data[0] as number)], { relL2: 1e-6 }, 'sum');
  });
});

describe('diceLoss', () => {
  it.each([[[1, 1, 4]], [[2, 3, 9, 11]], [[1, 2, 130, 70]]])('equals a float64 loop: %j', async (shape) => {
    const [x, t] = [logits('x', shape), soft('t', shape)];
    for (const [smooth, activation] of [
      [1, 'sigmoid'],
      [1e-5, 'sigmoid'],
      [1, 'none'],
    ] as const) {
      const input = activation === 'none' ? soft('p', shape) : x;
      const found = await run((x, t) => diceLoss(x, t, { smooth, activation }), input, t);
      const expected = reference.diceLoss(input.data, t.data, shape, smooth, activation === 'sigmoid');
      expectClose([found.loss], [expected.loss], { relL2: 2e-6 }, `loss ${smooth} ${activation}`);
      expectClose(found.d, expected.gradient, { relL2: 5e-6 }, `d ${smooth} ${activation}`);
    }
  });
});

describe('crossEntropy', () => {
  it.each([[[2, 2, 5]], [[1, 3, 9, 11]], [[3, 5, 40, 33]]])('equals a float64 loop: %j', async (shape) => {
    const [n, channels, ...size] = shape as [number, number, ...number[]];
    const x = logits('x', shape, 20);
    const classes = { shape: [n, ...size], data: new Uint32Array(sizeOf([n, ...size])) };
    classes.data.set(fill('c', classes.data.length).map((value) => Math.floor(((value + 1) / 2) * channels)));
    const expected = reference.crossEntropy(x.data, shape, (i, c) => Number(classes.data[i] === c));
    const found = await run(crossEntropy, x, classes);
    expectClose([found.loss], [expected.loss], { relL2: 2e-6 }, 'loss of classes');
    expectClose(found.d, expected.gradient, { relL2: 5e-6 }, 'd of classes');

    const t = soft('t', shape);
    const area = sizeOf(size);
    const at = (i: number, c: number): number =>
      t.data[(Math.floor(i / area) * channels + c) * area + (i % area)] as number;
    const softly = reference.crossEntropy(x.data, shape, at);
    const other = await run(crossEntropy, x, t);
    expectClose([other.loss], [softly.loss], { relL2: 2e-6 }, 'loss of distributions');
    expectClose(other.d, softly.gradient, { relL2: 5e-6 }, 'd of distributions');
  });

  it('does not overflow', async () => {
    const x = { shape: [1, 2, 2], data: Float32Array.of(1000, -1000, -1000, 1000) };
    const t = { shape: [1, 2], data: Uint32Array.of(1, 1) };
    const { loss, d } = await run(crossEntropy, x, t);
    expect(loss).toBe(1000);
    expect([...d]).toEqual([0.5, 0, -0.5, 0]);
  });
});

const LOSSES: readonly (readonly [string, Loss])[] = [
  ['bceWithLogits', bceWithLogits],
  ['bce', (x, t) => bce(sigmoid(x), t)],
  ['jointLoss', jointLoss],
  ['jointLoss, paper', (x, t) => jointLoss(x, t, { variant: 'paper' })],
  ['diceLoss', diceLoss],
  ['crossEntropy', crossEntropy],
];

describe.each(LOSSES)('%s', (_name, loss) => {
  const shape = [2, 3, 7, 5];

  it('passes finite differences in the middle of a graph, with an upstream gradient of its own', async () => {
    const [x, t] = [logits('mid/x', shape, 2), soft('mid/t', shape)];
    const inner = (x: Tensor, t: Tensor): Tensor => mulScalar(loss(mulScalar(x, 1.5), t), -40);
    const { d } = await run(inner, x, t);
    const inputs = { x: x.data as Float32Array };
    await gradcheck({
      inputs,
      gradients: { x: d },
      upstream: [[1]],
      forward: async ({ x: data }) => {
        const { loss: value } = await run(inner, { shape, data: data as Float32Array }, t);
        return [[value]];
      },
      tolerance: 5e-3,
    });
  });

  it('reads channel ranges in place and gives the same bits every time', async () => {
    const [x, t] = [logits('range/x', [2, 7, 6, 5]), soft('range/t', [2, 7, 6, 5])];
    const part =
      (from: number): Loss =>
      (x, t) =>
        loss(narrow(mulScalar(x, 1), 1, from, 3), narrow(mulScalar(t, 1), 1, from, 3));
    const found = await run(part(2), x, t);
    const again = await run(part(2), x, t);
    expect(again).toEqual(found);
    const cut = ({ data }: HostTensor): HostTensor => {
      const values = [0, 1].flatMap((n) => [...data.slice((n * 7 + 2) * 30, (n * 7 + 5) * 30)]);
      return { shape: [2, 3, 6, 5], data: Float32Array.from(values) };
    };
    const alone = await run(loss, cut(x), cut(t));
    expectClose([found.loss], [alone.loss], { relL2: 1e-6 }, 'loss');
    const d = { shape: x.shape, data: found.d };
    expectClose(cut(d).data, alone.d, { relL2: 1e-6 }, 'd');
  });

  it('names what does not fit', async () => {
    const other = logits('other', [2, 3, 7, 6]);
    await expect(run(loss, logits('x', shape), other)).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });
});
