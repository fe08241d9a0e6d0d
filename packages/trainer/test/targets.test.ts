/** Targets: labels that are not classes, labels that do not count, and targets that need a gradient themselves. */
import {
  type Context,
  evaluate,
  gradients,
  type HostTensor,
  open,
  preparePlan,
  type Tensor,
  trace,
} from '@infnet/core';
import { edgeLoss } from '@infnet/edge-attention';
import { detach, mulScalar, reshape, sigmoid, softmax } from '@infnet/nn';
import { expectClose, fill, gradcheck } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bce, bceWithLogits, crossEntropy, diceLoss, jointLoss } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const CLASSES = 3;
const logits: HostTensor = { shape: [2, CLASSES, 2, 3], data: fill('logits', 36, 3) };

interface Found {
  readonly loss: number;
  readonly d: Float32Array;
}

async function entropy(labels: Uint32Array | Int32Array, ignoreIndex?: number, x = logits): Promise<Found> {
  const [n = 1, , ...size] = x.shape;
  const results = await evaluate(
    context,
    ({ x, t }) => {
      const loss = crossEntropy(x, t, ignoreIndex === undefined ? {} : { ignoreIndex });
      return { loss, d: gradients(loss, [x])[0] as Tensor };
    },
    { x, t: { shape: [n, ...size], data: labels } },
  );
  return { loss: results['loss']?.data[0] as number, d: results['d']?.data as Float32Array };
}

/** PyTorch's definition in float64: the mean over the pixels that count. */
function reference(labels: ArrayLike<number>, ignored: number): Found {
  const d = new Float32Array(logits.data.length);
  let [sum, counted] = [0, 0];
  for (let i = 0; i < labels.length; i++) if (labels[i] !== ignored) counted++;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === ignored) continue;
    const at = (c: number): number => (Math.floor(i / 6) * CLASSES + c) * 6 + (i % 6);
    const powers = [0, 1, 2].map((c) => Math.exp(logits.data[at(c)] as number));
    const total = powers.reduce((a, b) => a + b);
    sum -= Math.log((powers[label] as number) / total);
    for (const c of [0, 1, 2]) d[at(c)] = ((powers[c] as number) / total - Number(c === label)) / counted;
  }
  return { loss: sum / counted, d };
}

describe('class labels', () => {
  const good = [0, 1, 2, 2, 1, 0, 0, 0, 1, 1, 2, 2];

  it.each([
    ['u32', 255, 7],
    ['u32', 3, 0],
    ['i32', -1, 11],
    ['i32', 3, 5],
  ] as const)('%s %i at element %i is refused with item and value', async (kind, label, at) => {
    const values = [...good];
    values[at] = label;
    const labels = kind === 'u32' ? Uint32Array.from(values) : Int32Array.from(values);
    const item = Math.floor(at / 6);
    await expect(entropy(labels)).rejects.toMatchObject({
      code: 'LABEL_RANGE',
      message: expect.stringMatching(new RegExp(`item ${item} of "t" has the label ${label} at .*3 classes`)),
      fix: expect.stringContaining('ignoreIndex'),
    });
  });

  it('are found behind a reshape, and nothing has run', async () => {
    const run = evaluate(context, ({ x, t }) => crossEntropy(x, reshape(t, [2, 2, 3])), {
      x: logits,
      t: { shape: [12], data: Uint32Array.from([...good.slice(0, 11), 9]) },
    });
    await expect(run).rejects.toMatchObject({ code: 'LABEL_RANGE', message: expect.stringContaining('item 1') });
  });

  it.each([
    ['u32', 255],
    ['i32', -100],
    ['i32', -1],
    ['u32', 2],
  ] as const)('%s: pixels of the class %i do not count when asked', async (kind, ignored) => {
    const values = good.map((label, i) => (i % 5 === 1 ? ignored : label));
    const labels = kind === 'u32' ? Uint32Array.from(values) : Int32Array.from(values);
    const expected = reference(values, ignored);
    const found = await entropy(labels, ignored === -100 ? undefined : ignored);
    expectClose([found.loss], [expected.loss], { relL2: 1e-6 }, 'loss');
    expectClose(found.d, expected.d, { relL2: 1e-6 }, 'd');
  });

  it('that all do not count give NaN and no gradient, as in PyTorch', async () => {
    const found = await entropy(new Uint32Array(12).fill(255), 255);
    expect(found.loss).toBeNaN();
    expect([...found.d].every((value) => value === 0)).toBe(true);
  });

  it('that the host cannot see make loss and gradient NaN', async () => {
    // STORAGE, COPY_DST
    const buffer = context.device.createBuffer({ size: 8, usage: 0x80 | 0x08 });
    context.device.queue.writeBuffer(buffer, 0, Uint32Array.of(1, 7));
    const graph = trace(
      ({ x, t }) => {
        const loss = crossEntropy(x, t);
        return { loss, d: gradients(loss, [x])[0] as Tensor };
      },
      { x: [1, 3, 2], t: { shape: [1, 2], dtype: 'u32' } },
    );
    using plan = await preparePlan(context, graph, { bind: { t: context.wrapBuffer(buffer, { shape: [1, 2] }) } });
    const { loss, d } = await plan.run({ x: fill('x', 6, 1) });
    buffer.destroy();
    expect(loss?.[0]).toBeNaN();
    expect([...(d ?? [])].map(Number.isNaN)).toEqual([false, true, false, true, false, true]);
  });

  it('an ignoreIndex that no label can be is refused', async () => {
    await expect(entropy(Uint32Array.from(good), 0.5)).rejects.toMatchObject({ code: 'SHAPE_ATTRIBUTE' });
    await expect(entropy(Uint32Array.from(good), NaN)).rejects.toMatchObject({ code: 'SHAPE_ATTRIBUTE' });
  });
});

describe('digits of small losses', () => {
  it('cross entropy of [16, 0] is 1.1e-7, its gradient too', async () => {
    const right = Math.log1p(Math.exp(-16));
    const x = { shape: [1, 2, 1], data: Float32Array.of(16, 0) };
    const found = await entropy(Uint32Array.of(0), undefined, x);
    expectClose([found.loss], [right], { relL2: 1e-6 }, 'loss');
    const p = Math.exp(-16) / (1 + Math.exp(-16));
    expectClose(found.d, [-p, p], { relL2: 1e-6 }, 'd');
    // Larger logits by any amount change nothing.
    const far = await entropy(Uint32Array.of(0), undefined, { shape: [1, 2, 1], data: Float32Array.of(4112, 4096) });
    expectClose([far.loss], [right], { relL2: 1e-6 }, 'far');
  });

  const one = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
  const sixteen = { shape: [1, 1, 1, 1], data: Float32Array.of(16) };
  it.each([
    ['bceWithLogits', bceWithLogits],
    ['crossEntropy of a distribution', (x: Tensor, t: Tensor) => crossEntropy(twoChannels(x), twoChannels(t))],
  ] as const)('%s keeps them as well', async (_name, loss) => {
    const results = await evaluate(
      context,
      ({ x, t }) => {
        const value = loss(x as Tensor, t as Tensor);
        return { value, d: gradients(value, [x as Tensor])[0] as Tensor };
      },
      _name === 'bceWithLogits'
        ? { x: sixteen, t: one }
        : {
            x: { shape: [1, 2, 1], data: Float32Array.of(16, 0) },
            t: { shape: [1, 2, 1], data: Float32Array.of(1, 0) },
          },
    );
    const right = Math.log1p(Math.exp(-16));
    const slope = 1 / (1 + Math.exp(16));
    expectClose([results['value']?.data[0] as number], [right], { relL2: 1e-6 }, 'loss');
    expectClose([results['d']?.data[0] as number], [-slope], { relL2: 1e-6 }, 'd');
  });
});

const twoChannels = (x: Tensor): Tensor => x;

describe('losses of a map that is nearly right', () => {
  // 64 pixels at logits of +-16, all on the right side: each is wrong by w = 1 / (1 + exp 16).
  const t = Float32Array.from({ length: 64 }, (_, i) => Number(i % 3 === 0));
  const inputs = {
    x: { shape: [1, 1, 8, 8], data: t.map((v) => (v === 1 ? 16 : -16)) },
    t: { shape: [1, 1, 8, 8], data: t },
  };
  const w = 1 / (1 + Math.exp(16));
  const on = t.reduce((sum, v) => sum + v, 0);
  const value = async (loss: (x: Tensor, t: Tensor) => Tensor): Promise<number> =>
    (await evaluate(context, ({ x, t }) => loss(x as Tensor, t as Tensor), inputs))['output']?.data[0] as number;

  it('diceLoss keeps the digits of what is wrong', async () => {
    const total = on * (1 - w) + (64 - on) * w + on;
    expectClose([await value(diceLoss)], [(64 * w) / (total + 1)], { relL2: 2e-6 }, 'diceLoss');
  });

  it('jointLoss keeps the digits of what is wrong', async () => {
    // Every window of 31 x 31 sees the whole map.
    const weights = [...t].map((v) => 1 + 5 * Math.abs(on / 961 - v));
    const sum = (of: (v: number, w: number) => number): number =>
      [...t].reduce((all, v, i) => all + of(v, weights[i] as number), 0);
    const union = sum((v, k) => k * (v + (v === 1 ? 1 - w : w) - v * (1 - w)));
    const expected = Math.log1p(Math.exp(-16)) + (sum((_, k) => k) * w) / (union + 1);
    expectClose([await value((x, t) => jointLoss(x, t))], [expected], { relL2: 2e-6 }, 'jointLoss');
  });
});

describe('targets that need a gradient', () => {
  const shape = [2, 3, 4, 5];
  const inputs = {
    x: { shape, data: fill('x', 120, 2) },
    t: { shape, data: fill('t', 120, 1) },
  };
  const cases = {
    bceWithLogits: (x: Tensor, t: Tensor) => bceWithLogits(x, sigmoid(t)),
    bce: (x: Tensor, t: Tensor) => bce(sigmoid(x), sigmoid(t)),
    diceLoss: (x: Tensor, t: Tensor) => diceLoss(x, sigmoid(t)),
    'diceLoss of probabilities': (x: Tensor, t: Tensor) =>
      diceLoss(sigmoid(x), sigmoid(t), { activation: 'none', smooth: 2 }),
    crossEntropy: (x: Tensor, t: Tensor) => crossEntropy(x, softmax(t)),
  };
  it.each(Object.entries(cases))('%s gives them one, equal to finite differences', async (_name, loss) => {
    const arrays = { x: inputs.x.data, t: inputs.t.data };
    const run = (at: typeof arrays) =>
      evaluate(
        context,
        ({ x, t }) => {
          const y = mulScalar(loss(x as Tensor, t as Tensor), 7);
          const [x_, t_] = gradients(y, [x as Tensor, t as Tensor]);
          return { y, x: x_ as Tensor, t: t_ as Tensor };
        },
        { x: { shape, data: at.x }, t: { shape, data: at.t } },
      );
    const found = await run(arrays);
    await gradcheck({
      inputs: arrays,
      forward: async (at) => [(await run(at as typeof arrays))['y']?.data as Float32Array],
      upstream: [[1]],
      gradients: { x: found['x']?.data as Float32Array, t: found['t']?.data as Float32Array },
    });
  });

  it.each([
    ['jointLoss', jointLoss],
    ['edgeLoss', edgeLoss],
  ] as const)('%s refuses, and takes a detached one', async (name, loss) => {
    const trace = (cut: (t: Tensor) => Tensor) =>
      evaluate(
        context,
        ({ x, t }) => ({
          d: gradients(loss(x as Tensor, cut(sigmoid(t as Tensor))), [x as Tensor, t as Tensor])[0] as Tensor,
        }),
        inputs,
      );
    await expect(trace((t) => t)).rejects.toMatchObject({
      code: 'GRADIENT_TARGET',
      message: expect.stringContaining(name),
      fix: expect.stringContaining('detach'),
    });
    expect((await trace(detach))['d']?.data.some((value) => value !== 0)).toBe(true);
  });
});
