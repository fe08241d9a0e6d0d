/**
 * Losses on class indices: PyTorch's values and gradients, float64 in the middle of a graph on odd shapes and views,
 * and what is refused. NaN and infinities: packages/testing/test/hostile/values.ts.
 */
import { type Context, evaluate, gradients, open, type Tensor, trace } from '@infnet/core';
import { expectClose, fill, readFixtureJson } from '@infnet/testing';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrossEntropyOptions, crossEntropy, type FocalLossOptions, focalLoss } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

type Loss = (x: Tensor, t: Tensor) => Tensor;

interface Golden {
  readonly shape: readonly number[];
  readonly logits: readonly number[];
  readonly weights: readonly number[];
  readonly cases: readonly {
    readonly case: string;
    readonly labels: readonly number[];
    readonly g: readonly number[];
    readonly shape: readonly number[];
    readonly y: readonly number[];
    readonly d: readonly number[];
  }[];
}

const ignoreIndex = 255;

function lossesOf({ weights }: Golden): Readonly<Record<string, Loss>> {
  const cross = (options: CrossEntropyOptions): Loss => {
    return (x, t) => crossEntropy(x, t, { ignoreIndex, ...options });
  };
  const focal = (options: FocalLossOptions): Loss => {
    return (x, t) => focalLoss(x, t, { ignoreIndex, ...options });
  };
  const all = (['mean', 'sum', 'none'] as const).flatMap((reduction) => [
    [`crossEntropy ${reduction}`, cross({ reduction })] as const,
    [`crossEntropy ${reduction} weighted`, cross({ reduction, weights })] as const,
    [`crossEntropy ${reduction} smoothed`, cross({ reduction, labelSmoothing: 0.1 })] as const,
    [`crossEntropy ${reduction} weighted smoothed`, cross({ reduction, weights, labelSmoothing: 0.3 })] as const,
  ]);
  return {
    ...Object.fromEntries(all),
    focalLoss: focal({}),
    'focalLoss 0.5 weighted': focal({ gamma: 0.5, weights }),
    'focalLoss 3.5 none': focal({ gamma: 3.5, reduction: 'none' }),
    'focalLoss 1 sum': focal({ gamma: 1, weights, reduction: 'sum' }),
  };
}

describe("PyTorch's values and gradients, computed in float64", () => {
  it('are met to 2e-6', async () => {
    const golden = await readFixtureJson<Golden>('golden/ops/losses.json');
    const losses = lossesOf(golden);
    expect(golden.cases.map((each) => each.case).sort()).toEqual(Object.keys(losses).sort());
    const [n, , ...size] = golden.shape;
    for (const { case: name, labels, g, shape, y, d } of golden.cases) {
      const found = await evaluate(
        context,
        ({ x, t, g }) => {
          const loss = (losses[name] as Loss)(x, t);
          return { y: loss, d: gradients([{ output: loss, gradient: g }], [x])[0] as Tensor };
        },
        {
          x: { shape: golden.shape, data: Float32Array.from(golden.logits) },
          t: { shape: [n as number, ...size], data: Uint32Array.from(labels) },
          g: { shape, data: Float32Array.from(g) },
        },
      );
      expect(found['y']?.shape, name).toEqual(shape);
      expectClose(found['y']?.data ?? [], y, { relL2: 2e-6 }, `${name}: y`);
      expectClose(found['d']?.data ?? [], d, { relL2: 2e-6 }, `${name}: d`);
    }
  });
});

/** What is drawn: a shape, and where its operand lies. */
const drawn = fc.record({ shape: oddImages(2000), inRange: fc.boolean() });

/** Classes of the pixels, of which every fifth does not count. */
function labelsFor([n, channels, h, w]: readonly [number, number, number, number]): Int32Array {
  return Int32Array.from(fill('labels', n * h * w), (v, i) =>
    i % 5 === 3 ? ignoreIndex : Math.floor((0.5 + 0.499 * v) * channels),
  );
}

/** Each pixel's loss from its definition in float64, 0 where it does not count. */
function pixelLosses(
  x: Float64Array,
  labels: Int32Array,
  [, channels, h, w]: readonly number[],
  { weights, smoothing = 0, gamma = 0 }: { weights: readonly number[]; smoothing?: number; gamma?: number },
): Float64Array {
  const area = (h as number) * (w as number);
  const count = channels as number;
  return Float64Array.from(labels, (label, i) => {
    if (label === ignoreIndex) return 0;
    const at = (c: number): number => x[(Math.floor(i / area) * count + c) * area + (i % area)] as number;
    const classes = Array.from({ length: count }, (_, c) => c);
    const largest = Math.max(...classes.map(at));
    const level = largest + Math.log(classes.reduce((sum, c) => sum + Math.exp(at(c) - largest), 0));
    const others = classes.reduce((sum, c) => (c === label ? sum : sum + Math.exp(at(c) - level)), 0);
    const hit = (weights[label] as number) * others ** gamma * (level - at(label));
    const all = classes.reduce((sum, c) => sum + (weights[c] as number) * (level - at(c)), 0);
    return (1 - smoothing) * hit + (smoothing / count) * all;
  });
}

describe.each([
  ['crossEntropy', { smoothing: 0.2 }],
  ['focalLoss', { gamma: 1.5 }],
] as const)('%s in the middle of a graph', (_, settings) => {
  it('has the gradient of finite differences, on any shape, in any range', async () => {
    await forAllDrawn(
      drawn,
      async ({ shape, inRange }) => {
        const [n, channels, h, w] = shape;
        const labels = labelsFor(shape);
        const weights = Array.from(fill('weights', channels), (v) => Math.fround(1 + 0.9 * v));
        const options = { ignoreIndex, weights, reduction: 'none' } as const;
        await checkMidGraph(context, {
          inputs: { x: uniformValues('x', shape, 4) },
          fixed: { t: { shape: [n, h, w], data: labels } },
          operator: ({ x, t }) => [
            'gamma' in settings
              ? focalLoss(x as Tensor, t as Tensor, { ...options, gamma: settings.gamma })
              : crossEntropy(x as Tensor, t as Tensor, { ...options, labelSmoothing: settings.smoothing }),
          ],
          reference: ({ x }) => [
            { shape: [n, h, w], data: pixelLosses((x as Exact).data, labels, shape, { weights, ...settings }) },
          ],
          inRange,
        });
      },
      3,
    );
  });
});

describe('where nothing counts', () => {
  const x = { shape: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const t = { shape: [1, 2], data: Uint32Array.of(255, 255) };

  it.each([
    ['crossEntropy', (x: Tensor, t: Tensor) => crossEntropy(x, t, { ignoreIndex, labelSmoothing: 0.1 })],
    ['focalLoss', (x: Tensor, t: Tensor) => focalLoss(x, t, { ignoreIndex })],
  ] as const)('the mean of %s is NaN and the gradient 0, as in PyTorch', async (_, loss) => {
    const found = await evaluate(
      context,
      ({ x, t }) => {
        const y = loss(x, t);
        return { y, d: gradients(y, [x])[0] as Tensor };
      },
      { x, t },
    );
    expect(found['y']?.data[0]).toBeNaN();
    expect([...(found['d']?.data ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('what cannot be', () => {
  const traced = (loss: Loss, type: 'u32' | 'f32' = 'u32'): void => {
    trace(({ x, t }) => loss(x, t), {
      x: [2, 3, 4, 4],
      t: { shape: type === 'u32' ? [2, 4, 4] : [2, 3, 4, 4], dtype: type },
    });
  };

  it.each<[string, Loss, string]>([
    ['two weights of three classes', (x, t) => crossEntropy(x, t, { weights: [1, 2] }), 'SHAPE_ATTRIBUTE'],
    ['a negative weight', (x, t) => focalLoss(x, t, { weights: [1, -2, 1] }), 'SHAPE_ATTRIBUTE'],
    ['smoothing of 1.5', (x, t) => crossEntropy(x, t, { labelSmoothing: 1.5 }), 'SHAPE_ATTRIBUTE'],
    ['a gamma that is NaN', (x, t) => focalLoss(x, t, { gamma: Number.NaN }), 'SHAPE_ATTRIBUTE'],
    ['a reduction that is none', (x, t) => crossEntropy(x, t, { reduction: 'avg' as never }), 'OPTION_INVALID'],
    ['a misspelt option', (x, t) => focalLoss(x, t, { gama: 2 } as never), 'OPTION_UNKNOWN'],
  ])('%s is refused', (_, loss, code) => {
    expect(() => traced(loss)).toThrow(expect.objectContaining({ code }));
  });

  it('a distribution takes no weights', () => {
    const loss: Loss = (x, t) => crossEntropy(x, t, { weights: [1, 2, 3] });
    expect(() => traced(loss, 'f32')).toThrow(expect.objectContaining({ code: 'SHAPE_DTYPE' }));
  });

  it('a label that is not a class is found before a run', async () => {
    const run = evaluate(context, ({ x, t }) => focalLoss(x, t), {
      x: { shape: [1, 3, 2], data: new Float32Array(6) },
      t: { shape: [1, 2], data: Uint32Array.of(1, 3) },
    });
    await expect(run).rejects.toMatchObject({ code: 'LABEL_RANGE' });
  });
});
