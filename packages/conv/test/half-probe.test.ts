/** What a device must compute rightly before `half` is taken, and what happens where it does not. */
import { type Context, ParameterStore, preparePlan, trace } from '@infnet/core';
import { expectClose, roundToHalf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { conv2d } from '../src/index.js';
import { fusedConv2dOperator } from '../src/kernels.js';
import { halfProbe } from '../src/operator/half-probe.js';
import { Net, NO_F16, runHalf } from './half-support.js';
import { conv2dReference } from './reference.js';
import { gatherAlgorithms, openQuietly, random, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

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
      await runHalf(context, net, { weight: weights('w', [4, 3, 1, 1]) }, random('x', [1, 3, 2, 2]));
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
