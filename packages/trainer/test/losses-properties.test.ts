/** Every loss in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { type Context, type HostTensor, open, type Tensor } from '@infnet/core';
import { sigmoid } from '@infnet/nn';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { bce, bceWithLogits, crossEntropy, diceLoss, infNetLoss, jointLoss } from '../src/index.js';
import * as reference from './reference.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

type Sizes = readonly [number, number, number, number];
type Numbers = Float64Array;

/** A loss of predictions x with a target t, and the same number from float64 arrays. */
interface LossCase {
  readonly loss: (x: Tensor, t: Tensor) => Tensor;
  readonly expected: (x: Numbers, t: Numbers, shape: Sizes) => number;
  /** What the predictions are: logits (default) or probabilities. */
  readonly probabilities?: boolean;
}

/** The definition with its logarithms, for probabilities that do not reach their cut. */
const bceOf = (p: Numbers, t: Numbers): number =>
  p.reduce((sum, v, i) => sum - (t[i] as number) * Math.log(v) - (1 - (t[i] as number)) * Math.log1p(-v), 0) / p.length;

const LOSSES: Readonly<Record<string, LossCase>> = {
  bceWithLogits: { loss: bceWithLogits, expected: reference.bceWithLogits },
  bce: { loss: bce, expected: bceOf, probabilities: true },
  'bce after sigmoid': { loss: (x, t) => bce(sigmoid(x), t), expected: reference.bceWithLogits },
  jointLoss: { loss: jointLoss, expected: (x, t, shape) => reference.jointLoss(x, t, shape, 'as-released').loss },
  'jointLoss of the paper': {
    loss: (x, t) => jointLoss(x, t, { variant: 'paper' }),
    expected: (x, t, shape) => reference.jointLoss(x, t, shape, 'paper').loss,
  },
  diceLoss: { loss: diceLoss, expected: (x, t, shape) => reference.diceLoss(x, t, shape, 1, true).loss },
  'diceLoss of probabilities': {
    loss: (x, t) => diceLoss(x, t, { activation: 'none', smooth: 0.1 }),
    expected: (x, t, shape) => reference.diceLoss(x, t, shape, 0.1, false).loss,
    probabilities: true,
  },
  'crossEntropy with distributions': {
    loss: crossEntropy,
    expected: (x, t, shape) => {
      const [, channels, h, w] = shape;
      const area = h * w;
      const at = (i: number, c: number): number =>
        t[(Math.floor(i / area) * channels + c) * area + (i % area)] as number;
      return reference.crossEntropy(x, shape, at).loss;
    },
  },
};

/** Values in [0, 1], a third of them exactly 0 or 1. */
function softTarget(shape: readonly number[]): HostTensor {
  const { data } = uniformValues('t', shape);
  return { shape, data: data.map((v) => Math.min(1, Math.max(0, 0.5 + 0.75 * v))) };
}

const scalar = (value: number): Exact => ({ shape: [], data: Float64Array.of(value) });
const drawn = fc.record({ shape: oddImages(6000), inRange: fc.boolean() });

describe.each(Object.entries(LOSSES))('%s', (_name, { loss, expected, probabilities = false }) => {
  it('has the gradient of finite differences mid-graph, on any shape', async () => {
    await forAllDrawn(
      drawn,
      async ({ shape, inRange }) => {
        await checkMidGraph(context, {
          inputs: { x: probabilities ? uniformValues('x', shape, 0.4, 0.5) : uniformValues('x', shape, 3) },
          fixed: { t: softTarget(shape) },
          operator: ({ x, t }) => [loss(x as Tensor, t as Tensor)],
          reference: ({ x, t }) => [scalar(expected((x as Exact).data, (t as Exact).data, shape))],
          inRange,
        });
      },
      8,
    );
  });
});

describe('crossEntropy with classes', () => {
  it('has the gradient of finite differences mid-graph, on any shape', async () => {
    await forAllDrawn(
      drawn,
      async ({ shape, inRange }) => {
        const [n, channels, h, w] = shape;
        const noise = uniformValues('classes', [n, h, w], 0.5, 0.5);
        const classes = Uint32Array.from(noise.data, (v) => Math.floor(v * channels));
        await checkMidGraph(context, {
          inputs: { x: uniformValues('x', shape, 5) },
          fixed: { classes: { shape: noise.shape, data: classes } },
          operator: ({ x, classes }) => [crossEntropy(x as Tensor, classes as Tensor)],
          reference: ({ x }) => [
            scalar(reference.crossEntropy((x as Exact).data, shape, (i, c) => Number(classes[i] === c)).loss),
          ],
          inRange,
        });
      },
      8,
    );
  });
});

describe('infNetLoss', () => {
  const maps = ['lateralMap5', 'lateralMap4', 'lateralMap3', 'lateralMap2', 'lateralEdge'] as const;

  it('has the gradients of finite differences mid-graph, for all maps at once', async () => {
    const cases = fc.record({
      shape: oddImages(2000).map(([n, , h, w]): Sizes => [n, 1, h, w]),
      variant: fc.constantFrom('as-released' as const, 'paper' as const, 'dice' as const),
      inRange: fc.boolean(),
    });
    await forAllDrawn(
      cases,
      async ({ shape, variant, inRange }) => {
        const [mask, edge] = [softTarget(shape), { ...softTarget(shape), data: softTarget(shape).data.toReversed() }];
        await checkMidGraph(context, {
          inputs: Object.fromEntries(maps.map((name) => [name, uniformValues(name, shape, 3)])),
          fixed: { mask, edge: edge as HostTensor },
          operator: ({ mask, edge, ...logits }) => [
            infNetLoss(
              logits as Readonly<Record<(typeof maps)[number], Tensor>>,
              { mask: mask as Tensor, edge: edge as Tensor },
              { variant },
            ).loss,
          ],
          reference: (values) => {
            const { data: t } = values['mask'] as Exact;
            const ofMap = (x: Float64Array): number =>
              variant === 'dice'
                ? reference.bceWithLogits(x, t) + reference.diceLoss(x, t, shape, 1, true).loss
                : reference.jointLoss(x, t, shape, variant).loss;
            const joint = maps.slice(0, 4).map((name) => ofMap((values[name] as Exact).data as Float64Array));
            const ofEdge = reference.bceWithLogits(
              (values['lateralEdge'] as Exact).data,
              (values['edge'] as Exact).data,
            );
            return [scalar(joint.reduce((a, b) => a + b, ofEdge))];
          },
          inRange,
        });
      },
      6,
    );
  });
});
