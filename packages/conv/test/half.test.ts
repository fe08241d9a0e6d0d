/** Precision `half`: constant weights as float16, everything else as it was. */
import {
  applyOne,
  type Context,
  DEFAULT_PROFILE,
  type HostTensor,
  Module,
  type Operator,
  Parameter,
  type Schedule,
  type ScheduleOptions,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { add, BatchNorm2d, relu } from '@infnet/nn';
import { expectClose, goldenNote, hasGolden, loadGolden, relL2, roundToHalf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConvolutionAlgorithm, conv2d, conv2dSettings } from '../src/index.js';
import { fusedConv2dOperator, winogradWeightOperator } from '../src/kernels.js';
import { Net, NO_F16, runHalf } from './half-support.js';
import { conv2dReference, type ReferenceCase } from './reference.js';
import { compute, gatherAlgorithms, label, openQuietly, random, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

const CASES: readonly ReferenceCase[] = [
  { input: [1, 3, 9, 7], weight: [5, 3, 3, 3], padding: 1, stride: 2 },
  { input: [2, 26, 6, 5], weight: [26, 26, 1, 1] },
  { input: [3, 26, 5, 5], weight: [7, 26, 3, 3], padding: 2, dilation: 2 },
  { input: [1, 52, 4, 6], weight: [10, 26, 3, 3], padding: 1, groups: 2 },
  { input: [2, 6, 7, 7], weight: [6, 1, 3, 3], padding: 1, groups: 6 },
  { input: [1, 5, 6, 9], weight: [1, 5, 1, 5], padding: [0, 2] },
];

describe('half', () => {
  it.for(CASES.map((test) => [label(test), test] as const))(
    'is the convolution with rounded weights: %s',
    async ([, test], { skip }) => {
      skip(!context.profile.hasF16, NO_F16);
      const [x, w] = [random('x', test.input), weights('w', test.weight)];
      const { input: _, weight: __, ...options } = test;
      const expected = conv2dReference(test, x.data, roundToHalf(w.data));
      for (const algorithm of gatherAlgorithms(context)) {
        const net = new Net(test.weight, ({ weight }, x) => conv2d(x, weight, undefined, { ...options, algorithm }));
        expectClose(await runHalf(context, net, { weight: w }, x), expected, { relL2: 1e-6 }, algorithm);
      }
    },
  );

  it('keeps NaN and infinities of values and weights, also where a relu is fused', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const test: ReferenceCase = { input: [1, 6, 5, 7], weight: [9, 6, 3, 3], padding: 1 };
    const [x, w] = [random('x', test.input), weights('w', test.weight)];
    x.data[2 * 35 + 16] = Number.NaN;
    x.data[4 * 35 + 30] = -Infinity;
    // The middle taps: what a tap in the padding makes of 0 * Infinity is not looked at.
    w.data[3 * 54 + 4] = Number.NaN;
    w.data[5 * 54 + 22] = Infinity;
    const expected = conv2dReference(test, x.data, roundToHalf(w.data)).map((v) => (v < 0 ? 0 : v));
    expect(expected.some(Number.isNaN) && expected.some((v) => v > 0)).toBe(true);
    const kind = (v: number): string => (Number.isFinite(v) ? 'number' : String(v));
    for (const algorithm of gatherAlgorithms(context)) {
      const net = new Net(test.weight, ({ weight }, x) =>
        relu(conv2d(x, weight, undefined, { padding: 1, algorithm })),
      );
      const found = await runHalf(context, net, { weight: w }, x);
      expect([...found].map(kind), algorithm).toEqual([...expected].map(kind));
    }
  });

  it('rounds weights of all sizes as float16 does, the smallest included', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const sizes = [65504, 1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -14, 1.5 * 2 ** -20, -0.1, 0];
    const w = { shape: [8, 1, 1, 1], data: Float32Array.from(sizes) };
    const net = new Net(w.shape, ({ weight }, x) => conv2d(x, weight));
    const y = await runHalf(context, net, { weight: w }, { shape: [1, 1, 1, 1], data: Float32Array.of(1) });
    expect([...y]).toEqual([...roundToHalf(sizes)]);
  });

  it('finishes as ever: batch norm, sum, relu', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const shape = [26, 26, 1, 1] as const;
    class Block extends Module {
      readonly weight = new Parameter(shape);
      readonly bn = new BatchNorm2d(26);
      override forward(x: Tensor): Tensor {
        return relu(add(this.bn.call(conv2d(x, this.weight)), x));
      }
    }
    const [x, w] = [random('x', [2, 26, 5, 3]), weights('w', shape)];
    const vector = (name: string, at = 0) => {
      const { data } = random(name, [26]);
      return { shape: [26], data: data.map((value) => at + 0.5 * value) };
    };
    const bn = {
      'bn.weight': vector('gamma', 1),
      'bn.bias': vector('beta'),
      'bn.running_mean': vector('mean'),
      'bn.running_var': vector('var', 1),
    };
    const y = await runHalf(context, new Block(), { weight: w, ...bn }, x);
    const expected = conv2dReference({ input: [2, 26, 5, 3], weight: shape }, x.data, roundToHalf(w.data)).map(
      (sum, i) => {
        const of = (name: keyof typeof bn): number => bn[name].data[Math.floor(i / 15) % 26] as number;
        const scale = of('bn.weight') / Math.sqrt(of('bn.running_var') + 1e-5);
        return Math.max(0, (sum - of('bn.running_mean')) * scale + of('bn.bias') + (x.data[i] as number));
      },
    );
    expectClose(y, expected, { relL2: 1e-6 });
  });
});

const GOLDEN = 'ops/conv2d';
interface Sidecar {
  readonly cases: readonly {
    readonly case: string;
    readonly params: Readonly<Record<'stride' | 'padding' | 'dilation', [number, number]>> & {
      readonly groups: number;
      readonly bias: boolean;
    };
  }[];
}

/** Rounding to float16 is off by at most 2^-11 of a weight; cancellation in a few small cases makes that more. */
const HALF_TOLERANCE = { relL2: 5e-4 };

it.skipIf(!hasGolden(GOLDEN))(`half is near the reference's, every case${goldenNote(GOLDEN)}`, async ({ skip }) => {
  skip(!context.profile.hasF16, NO_F16);
  const golden = await loadGolden<Sidecar>(GOLDEN);
  for (const { case: name, params } of golden.json.cases) {
    const { bias, ...options } = params;
    const of = (tensor: string) => {
      const { shape, data } = golden.get(`${name}/${tensor}`);
      return { shape, data: data as Float32Array };
    };
    const net = new Net(of('w').shape, ({ weight, bias }, x) => conv2d(x, weight, bias, options), bias);
    const y = await runHalf(context, net, { weight: of('w'), ...(bias && { bias: of('b') }) }, of('x'));
    expectClose(y, of('y').data, HALF_TOLERANCE, name);
  }
});

describe('a schedule at half', () => {
  const planned = (algorithm: ConvolutionAlgorithm, options: ScheduleOptions = {}): Schedule => {
    const net = new Net([7, 5, 3, 3], ({ weight }, x) => conv2d(x, weight, undefined, { padding: 1, algorithm }));
    const graph = trace(({ x }) => net.call(x), { x: [1, 5, 8, 8] });
    const device = { ...DEFAULT_PROFILE, hasF16: true };
    return schedule(graph, { precision: 'half', device, ...options });
  };
  const kernels = ({ constantDispatches, dispatches }: Schedule): string[][] =>
    [constantDispatches, dispatches].map((list) => list.map(({ kernel }) => kernel.name));

  it('converts weights once, to half their bytes, and counts the fewer bytes that are read', () => {
    const [half, fast] = [planned('gemm-tiled'), planned('gemm-tiled', { precision: 'fast' })];
    expect(kernels(half)).toEqual([['conv/half-weight'], ['conv/gemm-tiled']]);
    // 315 weights: 630 bytes, filled up to a multiple of 4.
    expect(half.memory).toMatchObject({ parameters: 1260, constants: 632 });
    expect(fast.memory).toMatchObject({ parameters: 1260, constants: 0 });
    expect((fast.dispatches[0]?.bytes ?? 0) - (half.dispatches[0]?.bytes ?? 0)).toBe(630);
  });

  it("leaves Winograd's weights, weights that change, and devices without float16 as they are", () => {
    const graphOf = (algorithm: ConvolutionAlgorithm, options?: ScheduleOptions) =>
      kernels(planned(algorithm, options));
    expect(graphOf('winograd4')).toEqual(kernels(planned('winograd4', { precision: 'fast' })));
    expect(graphOf('gemm-tiled', { liveParameters: true })).toEqual([[], ['conv/gemm-tiled']]);
    expect(graphOf('gemm-tiled', { device: DEFAULT_PROFILE })).toEqual([[], ['conv/gemm-tiled']]);
  });

  it('asks for the probe of its kernel, and for none without float16', () => {
    const probesOf = ({ nodes }: Schedule) => nodes.flatMap((node) => node.operator.probes?.(node) ?? []);
    expect(probesOf(planned('gemm-tiled/32x32x16')).map(({ name }) => name)).toEqual([
      'float16 weights in conv/gemm-tiled',
    ]);
    expect(probesOf(planned('gemm-tiled', { precision: 'fast' }))).toEqual([]);
  });
});

describe("Winograd's transformed weights stay float32, for rounding them would cost more than rounding weights:", () => {
  const test: ReferenceCase = { input: [1, 16, 24, 24], weight: [16, 16, 3, 3], padding: 1 };
  const [x, w] = [random('x', test.input), weights('w', test.weight)];
  const expected = conv2dReference(test, x.data, w.data);
  /** By F(tile x tile) with these transformed weights. */
  const byWinograd = (tile: 2 | 4, transformed: HostTensor): Promise<Float32Array> => {
    const operands = ['x', 'weight', 'transformedWeight'] as const;
    const algorithm = `winograd${tile}` as const;
    const attributes = { ...conv2dSettings(test, [3, 3], 'test'), algorithm, operands, relu: false };
    return compute(
      context,
      (t) =>
        applyOne(
          fusedConv2dOperator as unknown as Operator,
          operands.map((role) => t[role] as Tensor),
          attributes,
        ),
      { x, weight: w, transformedWeight: transformed },
    );
  };

  it('weights cost 1.9e-4', () => {
    const error = relL2(conv2dReference(test, x.data, roundToHalf(w.data)), expected);
    expect(error / 1.9e-4).toBeGreaterThan(0.8);
    expect(error / 1.9e-4).toBeLessThan(1.25);
  });

  it.each([
    [2, 3.4e-4],
    [4, 2.2e-3],
  ] as const)('transformed for tiles of side %i they cost %f', async (tile, cost) => {
    const data = await compute(
      context,
      (t) => applyOne(winogradWeightOperator as unknown as Operator, [t['w'] as Tensor], { tile }),
      { w },
    );
    const shape = [(tile + 2) ** 2, 16, 16];
    expect(relL2(await byWinograd(tile, { shape, data }), expected)).toBeLessThan(1e-5);
    const error = relL2(await byWinograd(tile, { shape, data: roundToHalf(data) }), expected);
    expect(error / cost).toBeGreaterThan(0.8);
    expect(error / cost).toBeLessThan(1.25);
  });
});
