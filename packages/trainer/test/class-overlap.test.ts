/**
 * Dice and Tversky losses on class indices: PyTorch's values and gradients, float64 in the middle of a graph on odd
 * shapes and views, and what is refused.
 */
import { type Context, evaluate, gradients, open, type Tensor, trace } from '@infnet/core';
import { add } from '@infnet/nn';
import { expectClose, fill, readFixtureJson } from '@infnet/testing';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classDiceLoss, crossEntropy, type TverskyLossOptions, tverskyLoss } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

type Loss = (x: Tensor, t: Tensor) => Tensor;

interface Golden {
  readonly shape: readonly number[];
  readonly logits: readonly number[];
  readonly cases: readonly {
    readonly case: string;
    readonly labels: readonly number[];
    readonly y: readonly number[];
    readonly d: readonly number[];
  }[];
}

const ignoreIndex = 255;

const LOSSES: Readonly<Record<string, Loss>> = {
  classDiceLoss: (x, t) => classDiceLoss(x, t, { ignoreIndex }),
  'classDiceLoss smooth': (x, t) => classDiceLoss(x, t, { ignoreIndex, smooth: 2 }),
  'classDiceLoss batch without background': (x, t) => {
    return classDiceLoss(x, t, { ignoreIndex, batch: true, background: false });
  },
  'classDiceLoss squared': (x, t) => classDiceLoss(x, t, { ignoreIndex, squared: true }),
  'classDiceLoss squared batch': (x, t) => classDiceLoss(x, t, { ignoreIndex, squared: true, batch: true }),
  'classDiceLoss without background': (x, t) => classDiceLoss(x, t, { background: false }),
  tverskyLoss: (x, t) => tverskyLoss(x, t, { ignoreIndex, alpha: 0.3, beta: 0.7, smooth: 1 }),
  'tverskyLoss batch': (x, t) => tverskyLoss(x, t, { ignoreIndex, alpha: 0.8, beta: 0.4, batch: true }),
  'nnU-Net': (x, t) => {
    const dice = classDiceLoss(x, t, { ignoreIndex, batch: true, background: false });
    return add(dice, crossEntropy(x, t, { ignoreIndex }));
  },
};

describe("PyTorch's values and gradients, computed in float64", () => {
  it('are met to 2e-6', async () => {
    const golden = await readFixtureJson<Golden>('golden/ops/overlap_losses.json');
    expect(golden.cases.map((each) => each.case).sort()).toEqual(Object.keys(LOSSES).sort());
    const [n, , ...size] = golden.shape;
    for (const { case: name, labels, y, d } of golden.cases) {
      const found = await evaluate(
        context,
        ({ x, t }) => {
          const loss = (LOSSES[name] as Loss)(x, t);
          return { y: loss, d: gradients(loss, [x])[0] as Tensor };
        },
        {
          x: { shape: golden.shape, data: Float32Array.from(golden.logits) },
          t: { shape: [n as number, ...size], data: Int32Array.from(labels) },
        },
      );
      expect(found['y']?.shape, name).toEqual([]);
      expectClose(found['y']?.data ?? [], y, { relL2: 2e-6 }, `${name}: y`);
      expectClose(found['d']?.data ?? [], d, { relL2: 2e-6 }, `${name}: d`);
    }
  });
});

/** The definition in float64, of probabilities. */
function overlapLoss(
  p: Float64Array,
  labels: Uint32Array,
  shape: readonly number[],
  options: TverskyLossOptions,
): number {
  const [n = 0, channels = 0, h = 0, w = 0] = shape;
  const { alpha = 0.5, beta = 0.5, smooth = 1e-5, squared = false, batch = false, background = true } = options;
  const area = h * w;
  const sets = new Map<string, { hit: number; predicted: number; there: number }>();
  for (let i = 0; i < n * area; i++) {
    const image = Math.floor(i / area);
    for (let c = background ? 0 : 1; c < channels; c++) {
      const key = `${batch ? '' : image}/${c}`;
      const set = sets.get(key) ?? { hit: 0, predicted: 0, there: 0 };
      sets.set(key, set);
      if (labels[i] === ignoreIndex) continue;
      const v = p[(image * channels + c) * area + (i % area)] as number;
      if (labels[i] === c) set.hit += v;
      set.predicted += squared ? v * v : v;
      if (labels[i] === c) set.there++;
    }
  }
  const losses = [...sets.values()].map(({ hit, predicted, there }) => {
    return 1 - (hit + smooth) / (hit + alpha * (predicted - hit) + beta * (there - hit) + smooth);
  });
  return losses.reduce((a, b) => a + b) / losses.length;
}

describe('in the middle of a graph', () => {
  it('has the gradient of finite differences, on any shape, in any range, with all options', async () => {
    const drawn = fc.record({
      shape: oddImages(2000),
      inRange: fc.boolean(),
      squared: fc.boolean(),
      batch: fc.boolean(),
      background: fc.boolean(),
      alpha: fc.constantFrom(0, 0.3, 0.5),
    });
    await forAllDrawn(
      drawn,
      async ({ shape, inRange, background, ...rest }) => {
        const [n, channels, h, w] = shape;
        const options = { ...rest, background: background || channels === 1, beta: 0.7, smooth: 0.5, ignoreIndex };
        const labels = Uint32Array.from(fill('labels', n * h * w), (v, i) =>
          i % 5 === 3 ? ignoreIndex : Math.floor((0.5 + 0.499 * v) * channels),
        );
        await checkMidGraph(context, {
          inputs: { x: uniformValues('x', shape, 0.4, 0.5) },
          fixed: { t: { shape: [n, h, w], data: labels } },
          operator: ({ x, t }) => [tverskyLoss(x as Tensor, t as Tensor, { ...options, activation: 'none' })],
          reference: ({ x }) => [
            { shape: [], data: Float64Array.of(overlapLoss((x as Exact).data, labels, shape, options)) },
          ],
          inRange,
        });
      },
      8,
    );
  });
});

describe('edges', () => {
  const compute = async (loss: Loss, labels: number[], x: number[]): Promise<{ y: number; d: number[] }> => {
    const found = await evaluate(
      context,
      ({ x, t }) => {
        const y = loss(x, t);
        return { y, d: gradients(y, [x])[0] as Tensor };
      },
      {
        x: { shape: [1, 2, 2], data: Float32Array.from(x) },
        t: { shape: [1, 2], data: Uint32Array.from(labels) },
      },
    );
    return { y: found['y']?.data[0] as number, d: [...(found['d']?.data ?? [])] };
  };

  it('where nothing counts the loss and its gradient are 0, and NaN without smooth, as the formula', async () => {
    const ignored = (smooth: number): Loss => {
      return (x, t) => classDiceLoss(x, t, { activation: 'none', ignoreIndex, smooth });
    };
    expect(await compute(ignored(1), [255, 255], [0.5, 0.5, 0.5, 0.5])).toEqual({ y: 0, d: [0, 0, 0, 0] });
    expect((await compute(ignored(0), [255, 255], [0.5, 0.5, 0.5, 0.5])).y).toBeNaN();
  });

  it('a logit that is NaN makes the loss NaN', async () => {
    expect((await compute(classDiceLoss, [0, 1], [Number.NaN, 0, 1, 2])).y).toBeNaN();
  });

  it('without background, class 0 gets no gradient of its own', async () => {
    const loss: Loss = (x, t) => classDiceLoss(x, t, { activation: 'none', background: false });
    const { d } = await compute(loss, [0, 1], [0.5, 0.25, 0.5, 0.75]);
    expect(d.slice(0, 2)).toEqual([0, 0]);
    expect(d[2]).toBeGreaterThan(0);
    expect(d[3]).toBeLessThan(0);
  });
});

describe('what cannot be', () => {
  it.each<[string, Loss, string, number?]>([
    ['smooth below 0', (x, t) => classDiceLoss(x, t, { smooth: -1 }), 'SHAPE_ATTRIBUTE'],
    ['an alpha that is NaN', (x, t) => tverskyLoss(x, t, { alpha: Number.NaN }), 'SHAPE_ATTRIBUTE'],
    ['an infinite beta', (x, t) => tverskyLoss(x, t, { beta: Infinity }), 'SHAPE_ATTRIBUTE'],
    ['one channel without background', (x, t) => classDiceLoss(x, t, { background: false }), 'SHAPE_ATTRIBUTE', 1],
    ['a misspelt option', (x, t) => classDiceLoss(x, t, { squares: true } as never), 'OPTION_UNKNOWN'],
    ['another activation', (x, t) => tverskyLoss(x, t, { activation: 'sigmoid' as never }), 'OPTION_INVALID'],
    ['a target of probabilities', (x) => classDiceLoss(x, x), 'SHAPE_DTYPE'],
  ])('%s is refused', (_, loss, code, channels = 3) => {
    const shapes = { x: [2, channels, 4, 4], t: { shape: [2, 4, 4], dtype: 'u32' as const } };
    expect(() => trace(({ x, t }) => loss(x, t), shapes)).toThrow(expect.objectContaining({ code }));
  });

  it('a label that is not a class is found before a run', async () => {
    const run = evaluate(context, ({ x, t }) => classDiceLoss(x, t), {
      x: { shape: [1, 3, 2], data: new Float32Array(6) },
      t: { shape: [1, 2], data: Uint32Array.of(1, 255) },
    });
    await expect(run).rejects.toMatchObject({ code: 'LABEL_RANGE' });
  });
});
