/** Precision `half`: constant weights as float16, everything else as it was. */
import {
  type Context,
  DEFAULT_PROFILE,
  Module,
  Parameter,
  ParameterStore,
  preparePlan,
  type Schedule,
  type ScheduleOptions,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { add, BatchNorm2d, relu } from '@infnet/nn';
import { expectClose, goldenNote, hasGolden, loadGolden, roundToHalf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ConvolutionAlgorithm, conv2d, fusedConv2dOperator } from '../src/index.js';
import { halfProbe } from '../src/operator/half-probe.js';
import { conv2dReference, type ReferenceCase } from './reference.js';
import { gatherAlgorithms, label, openQuietly, random, weights } from './support.js';

const NO_F16 = 'this device has no shader-f16';
let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

class Net extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  constructor(
    shape: readonly number[],
    readonly body: (net: Net, x: Tensor) => Tensor,
    bias = false,
  ) {
    super();
    this.weight = new Parameter(shape);
    this.bias = bias ? new Parameter([shape[0] as number]) : undefined;
  }
  override forward(x: Tensor): Tensor {
    return this.body(this, x);
  }
}

/** Runs `net` on `x` at `half`; the plan must not have fallen back. */
async function runHalf(
  net: Module,
  values: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
  x: { readonly shape: readonly number[]; readonly data: Float32Array },
): Promise<Float32Array> {
  using parameters = new ParameterStore(context, net);
  parameters.load(new Map(Object.entries(values)));
  const graph = trace(({ x }) => net.call(x), { x: x.shape });
  using plan = await preparePlan(context, graph, { parameters, precision: 'half', maxSubmitSeconds: 5 });
  expect(plan.precision).toBe('half');
  return (await plan.run({ x: x.data }))['output'] as Float32Array;
}

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
        expectClose(await runHalf(net, { weight: w }, x), expected, { relL2: 1e-6 }, algorithm);
      }
    },
  );

  it('rounds weights of all sizes as float16 does, the smallest included', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const sizes = [65504, 1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -14, 1.5 * 2 ** -20, -0.1, 0];
    const w = { shape: [8, 1, 1, 1], data: Float32Array.from(sizes) };
    const net = new Net(w.shape, ({ weight }, x) => conv2d(x, weight));
    const y = await runHalf(net, { weight: w }, { shape: [1, 1, 1, 1], data: Float32Array.of(1) });
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
    const y = await runHalf(new Block(), { weight: w, ...bn }, x);
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
    const y = await runHalf(net, { weight: of('w'), ...(bias && { bias: of('b') }) }, of('x'));
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

describe('the probe of float16 weights', () => {
  const probe = halfProbe(fusedConv2dOperator as never, 'direct');
  const { x, weight } = probe.inputs as Record<string, { shape: readonly number[]; data: Float32Array }>;
  const test = { input: [2, 27, 5, 7], weight: [10, 27, 3, 3], padding: 1 } as const;
  const withWeights = (change: (w: number, i: number) => number): string | undefined =>
    probe.fault({ y: conv2dReference(test, x?.data ?? [], (weight as { data: Float32Array }).data.map(change)) });
  const rounded = (w: number): number => roundToHalf([w])[0] as number;
  const truncated = (w: number): number => {
    const half = rounded(w);
    return Math.abs(half) <= Math.abs(w) ? half : half - Math.sign(w) * 2 ** (Math.floor(Math.log2(Math.abs(w))) - 10);
  };

  it('accepts both roundings that WGSL allows', () => {
    expect(withWeights(rounded)).toBeUndefined();
    expect(withWeights(truncated)).toBeUndefined();
  });

  it.each<[string, (w: number, i: number) => number]>([
    ['nothing but zeros', () => 0],
    ['NaN', () => Number.NaN],
    ['neighbours in the wrong order', (_, i) => rounded(weight?.data[i ^ 1] ?? 0)],
    ['ten significant bits', (w) => Math.round(w * 512) / 512],
    ['one wrong value', (w, i) => (i === 1000 ? 0 : w)],
  ])('refuses %s, with the figures', (_, change) => {
    expect(withWeights(change)).toMatch(/^value \d+ is \S+, it should be \S+ within \S+$/);
  });

  it('refuses sums kept in float16', () => {
    const [images, places] = [2, 35];
    const y = new Float32Array(images * 10 * places);
    // One pixel in the middle of the map, so that all taps are inside: channel 0, image 0.
    const at = 2 * 7 + 3;
    let sum = 0;
    for (let c = 0; c < 27; c++)
      for (let tap = 0; tap < 9; tap++) {
        const place = (c * 5 + 2 + Math.floor(tap / 3) - 1) * 7 + 3 + (tap % 3) - 1;
        sum = rounded(sum + (weight?.data[c * 9 + tap] ?? 0) * (x?.data[place] ?? 0));
      }
    y.set(Float32Array.from(conv2dReference(test, x?.data ?? [], weight?.data ?? [])));
    expect(probe.fault({ y: y.map((value) => value) })).toBeUndefined();
    y[at] = sum;
    expect(probe.fault({ y })).toMatch(`value ${at} is `);
  });

  it.for(['gemm', 'gemm-subgroup', 'gemm-tiled', 'direct'] as const)(
    'is passed here by %s',
    async (kernel, { skip }) => {
      skip(!context.profile.hasF16, NO_F16);
      skip(!gatherAlgorithms(context).includes(kernel), 'this device has no subgroups of one fixed size');
      const net = new Net([4, 3, 1, 1], ({ weight }, x) => conv2d(x, weight, undefined, { algorithm: kernel }));
      await runHalf(net, { weight: weights('w', [4, 3, 1, 1]) }, random('x', [1, 3, 2, 2]));
    },
  );
});

describe('a plan at half is fast, and right,', () => {
  /** Plans and runs a 1 x 1 convolution on a device of its own, whose probes have not run yet. */
  async function planned(prepare: (fresh: Context) => void): Promise<{ y: Float32Array; said: string[] }> {
    using fresh = await openQuietly();
    prepare(fresh);
    const net = new Net([4, 3, 1, 1], ({ weight }, x) => conv2d(x, weight, undefined, { algorithm: 'gemm' }));
    using parameters = new ParameterStore(fresh, net);
    parameters.load(new Map([['weight', weights('w', [4, 3, 1, 1])]]));
    const x = random('x', [1, 3, 2, 2]);
    const said: string[] = [];
    using plan = await preparePlan(
      fresh,
      trace(({ x }) => net.call(x), { x: x.shape }),
      {
        parameters,
        precision: 'half',
        onMessage: (line) => said.push(line),
      },
    );
    expect(plan.precision).toBe('fast');
    expect(plan.memory.constants).toBe(0);
    return { y: (await plan.run({ x: x.data }))['output'] as Float32Array, said };
  }
  const expected = conv2dReference(
    { input: [1, 3, 2, 2], weight: [4, 3, 1, 1] },
    random('x', [1, 3, 2, 2]).data,
    weights('w', [4, 3, 1, 1]).data,
  );

  it('on a device that says it has float16 and cannot compile it', async ({ skip }) => {
    skip(context.profile.hasF16, 'this device has shader-f16');
    const { y, said } = await planned((fresh) => {
      const { profile } = fresh;
      vi.spyOn(fresh, 'profile', 'get').mockReturnValue({ ...profile, hasF16: true });
    });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/float16 weights in conv\/gemm: .*f16/s);
    expectClose(y, expected, { relL2: 1e-6 });
  });

  it('on a device that computes float16 wrongly', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const probe = halfProbe(fusedConv2dOperator as never, 'gemm');
    const right = probe.fault;
    // As if every result were two thousandths too large.
    const spy = vi
      .spyOn(probe, 'fault')
      .mockImplementation(({ y }) => right({ y: Float32Array.from(y ?? [], (value) => 1.002 * value) }));
    const { y, said } = await planned(() => {});
    spy.mockRestore();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/fast is taken: float16 weights in conv\/gemm: value \d+ is \S+, it should be/);
    expectClose(y, expected, { relL2: 1e-6 });
  });
});
