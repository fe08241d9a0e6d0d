/**
 * When plans use matrix units: the choice, the probe, and what happens on a device that fails it. With emulated ones.
 */
import {
  type Context,
  DEFAULT_PROFILE,
  type DeviceProfile,
  gradients,
  ParameterStore,
  type Plan,
  preparePlan,
  type ScheduleOptions,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { expectClose, relL2, roundToHalf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forwardGather } from '../src/forward/gather.js';
import { GATHERS } from '../src/forward/registry.js';
import { conv2d } from '../src/index.js';
import { fusedConv2dOperator } from '../src/kernels.js';
import { halfProbe } from '../src/operator/half-probe.js';
import { Net, NO_F16 } from './half-support.js';
import { conv2dReference, geometryOfCase, type ReferenceCase } from './reference.js';
import { chosen, openQuietly, random, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

const CARD: DeviceProfile = {
  ...DEFAULT_PROFILE,
  hasF16: true,
  subgroupSize: 32,
  subgroupMatrix: { M: 16, N: 16, K: 16, subgroupSize: 32 },
};
const square: ReferenceCase = { input: [1, 26, 8, 8], weight: [26, 26, 3, 3], padding: 1 };

describe('a schedule takes matrix units', () => {
  const kernels = (options: ScheduleOptions, channels = 26): string[] => {
    const net = new Net([channels, channels, 3, 3], ({ weight }, x) => conv2d(x, weight, undefined, { padding: 1 }));
    const graph = trace(({ x }) => net.call(x), { x: [1, channels, 8, 8] });
    return schedule(graph, { precision: 'half', device: CARD, ...options }).dispatches.map(({ kernel }) => kernel.name);
  };

  it('at half, for constant weights and enough channels', () => {
    expect(kernels({})).toEqual(['conv/gemm-matrix']);
  });

  it.each<[string, ScheduleOptions, number?]>([
    ['at fast', { precision: 'fast' }],
    ['at exact', { precision: 'exact' }],
    ['for weights that change', { liveParameters: true }],
    ['without the flag or the feature', { device: { ...DEFAULT_PROFILE, hasF16: true } }],
    ['without float16', { device: { ...CARD, hasF16: false } }],
    ['for few channels', {}, 15],
  ])('not %s', (_, options, channels) => {
    expect(kernels(options, channels)).toEqual(['conv/gemm-tiled']);
  });

  it('not for gradients, whatever a table says', () => {
    const graph = trace(
      ({ x, w, g }) => {
        const y = conv2d(x, w, undefined, { padding: 1 });
        const [dx] = gradients([{ output: y, gradient: g as Tensor }], [x as Tensor]);
        return { y, dx: dx as Tensor };
      },
      { x: square.input, w: square.weight, g: [1, 26, 8, 8] },
    );
    const table = new Proxy({}, { get: () => 'gemm-matrix' });
    const { dispatches } = schedule(graph, { precision: 'half', device: { ...CARD, tuning: table } });
    expect(dispatches.map(({ kernel }) => kernel.name)).toEqual(['conv/gemm-tiled', 'conv/gemm-tiled']);
  });
});

it('a tuner may try every tile that fits, at half only', () => {
  const gather = forwardGather(geometryOfCase(square));
  const names = (device: DeviceProfile, rounded: boolean): readonly string[] =>
    GATHERS.candidates({ gather, device, precision: 'half', rounded }).names.filter((name) =>
      name.startsWith('gemm-matrix'),
    );
  const large = { ...CARD, limits: { ...CARD.limits, maxComputeWorkgroupStorageSize: 49152 } };
  expect(GATHERS.candidates({ gather, device: CARD, precision: 'half', rounded: true }).names[0]).toBe('gemm-matrix');
  expect(names(CARD, true)).not.toContain('gemm-matrix/128x64x32');
  expect(names(large, true)).toContain('gemm-matrix/128x64x32');
  expect(names(large, false)).toEqual([]);
  const tuned = { ...CARD, tuning: new Proxy({}, { get: () => 'gemm-matrix/32x32x32' }) };
  expect(chosen(gather, tuned, 'half', true)).toBe('gemm-matrix/32x32x32');
  expect(chosen(gather, tuned, 'fast')).toBe('gemm-tiled');
});

describe('the probe of matrix units', () => {
  const probe = halfProbe(fusedConv2dOperator as never, 'gemm-matrix/64x64x32');
  const [x, weight] = [probe.inputs.x.data, probe.inputs.weight.data];
  const test = { input: [2, 27, 5, 7], weight: [10, 27, 3, 3], padding: 1 } as const;
  const halves = [x, weight].map((values) => Float32Array.from(roundToHalf(values))) as [Float32Array, Float32Array];

  it('accepts float16 operands with float32 sums', () => {
    expect(probe.fault({ y: conv2dReference(test, ...halves) })).toBeUndefined();
  });

  const [hx, hw] = halves;
  it.each<[string, () => ArrayLike<number>]>([
    ['nothing but zeros', () => new Float32Array(700)],
    ['NaN', () => new Float32Array(700).fill(Number.NaN)],
    [
      'rows and columns of x exchanged',
      () =>
        conv2dReference(
          test,
          hx.map((_, i) => hx[i ^ 1] ?? 0),
          hw,
        ),
    ],
    [
      'weights of the next channel',
      () =>
        conv2dReference(
          test,
          hx,
          hw.map((_, i) => hw[(i + 243) % 2430] as number),
        ),
    ],
    ['bfloat16 operands', () => conv2dReference(test, x.map(toBfloat16), weight.map(toBfloat16))],
    ['sums rounded to float16', () => roundToHalf(conv2dReference(test, ...halves))],
    [
      'one wrong x',
      () =>
        conv2dReference(
          test,
          hx.map((value, i) => (i === 500 ? 0 : value)),
          hw,
        ),
    ],
  ])('refuses %s', (_, result) => {
    expect(probe.fault({ y: result() })).toMatch(/^value \d+ is \S+, it should be \S+ within \S+$/);
  });
});

/** Seven bits of mantissa, truncated. */
function toBfloat16(value: number): number {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  word[0] = (word[0] as number) & 0xffff0000;
  return new Float32Array(word.buffer)[0] as number;
}

describe('a plan at half on a device opened with matrix units', () => {
  // Strided, so that it is not Winograd's in place of matrix units: that needs no float16.
  const strided = { ...square, stride: 2 } as const;
  const inputs = random('x', strided.input);
  const w = weights('w', strided.weight);
  const expected = conv2dReference(strided, inputs.data, w.data);

  /** Plans and runs on a device of its own, whose probes have not run yet, with emulated units. */
  async function run(check: (plan: Plan) => void): Promise<{ y: Float32Array; said: string[] }> {
    using fresh = await openQuietly();
    const subgroupMatrix = { M: 16, N: 16, K: 16, subgroupSize: 32, emulated: true };
    const profile = { ...fresh.profile, hasF16: true, subgroupMatrix };
    vi.spyOn(fresh, 'profile', 'get').mockReturnValue(profile);
    const net = new Net(strided.weight, ({ weight }, x) => conv2d(x, weight, undefined, { padding: 1, stride: 2 }));
    using parameters = new ParameterStore(fresh, net);
    parameters.load(new Map([['weight', w]]));
    const said: string[] = [];
    const graph = trace(({ x }) => net.call(x), { x: strided.input });
    const onMessage = (line: string): unknown => said.push(line);
    using plan = await preparePlan(fresh, graph, { parameters, precision: 'half', onMessage });
    check(plan);
    return { y: (await plan.run({ x: inputs.data }))['output'] as Float32Array, said };
  }
  const kernels = (plan: Plan): string[] => plan.schedule.dispatches.map(({ kernel }) => kernel.name);

  it('passes the probe and computes', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const { y, said } = await run((plan) => {
      expect(plan.precision).toBe('half');
      expect(kernels(plan)).toEqual(['conv/gemm-matrix']);
    });
    expect(said).toEqual([]);
    expectClose(y, expected, { relL2: 1e-3 });
    expect(relL2(y, expected)).toBeGreaterThan(1e-5);
  });

  it('goes on at half without them where they compute wrongly, and says so', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const probe = halfProbe(fusedConv2dOperator as never, 'gemm-matrix');
    const right = probe.fault;
    const spy = vi
      .spyOn(probe, 'fault')
      .mockImplementation(({ y }) => right({ y: Float32Array.from(y ?? [], (value) => 1.004 * value) }));
    const { y, said } = await run((plan) => {
      expect(plan.precision).toBe('half');
      expect(kernels(plan)).not.toContain('conv/gemm-matrix');
    });
    spy.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(
        /^infnet: subgroup matrices .* are not used: float16 matrices in conv\/gemm-matrix: value \d+ is/,
      ),
    ]);
    expectClose(y, expected, { relL2: 1e-3 });
  });

  it('goes on at fast where float16 does not compile either', async ({ skip }) => {
    skip(context.profile.hasF16, 'this device has shader-f16');
    const { y, said } = await run((plan) => {
      expect(plan.precision).toBe('fast');
      expect(kernels(plan)).not.toContain('conv/gemm-matrix');
    });
    expect(said.map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      'infnet: subgroup matrices (experimental) are not used',
      expect.stringMatching(/^infnet: precision half is not to be had here/),
    ]);
    expectClose(y, expected, { relL2: 1e-4 });
  });
});
