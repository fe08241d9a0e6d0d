import { type Tensor, trace } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvgPool2d, avgPool2d, MaxPool2d, maxPool2d, narrow, type PoolAttributes } from '../src/index.js';
import { windowCount } from '../src/kernels.js';
import * as reference from './reference/operators.js';
import {
  checkGradients,
  codeOf,
  distinct,
  exact,
  forAll,
  random,
  run,
  runWithGradients,
  type Tensors,
  useContext,
} from './support/harness.js';

/** What the functions take of a window; the kernel is an operand of its own. */
const maxOptions = ({ stride, padding, ceilMode, dilation }: PoolAttributes) => ({
  stride,
  padding,
  ceilMode,
  dilation,
});
const avgOptions = ({ stride, padding, ceilMode }: PoolAttributes) => ({ stride, padding, ceilMode });

useContext();

interface PoolCases {
  readonly cases: readonly {
    readonly case: string;
    readonly params: {
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
      readonly ceil_mode: boolean;
      readonly count_include_pad?: boolean;
    };
  }[];
}

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

describe('goldens', () => {
  for (const op of ['max_pool', 'avg_pool'] as const) {
    itWithGolden<PoolCases>(`${op}, with gradients`, `ops/${op}`, async (golden) => {
      for (const { case: id, params } of golden.json.cases) {
        const { kernel, stride, padding, ceil_mode: ceilMode, count_include_pad: countIncludePad } = params;
        const options = { stride, padding, ceilMode };
        const fn = (i: Tensors): Tensor =>
          op === 'max_pool'
            ? maxPool2d(t(i, 'x'), kernel, options)
            : avgPool2d(t(i, 'x'), kernel, { ...options, countIncludePad });
        const host = (name: string) => ({ shape: golden.shape(`${id}/${name}`), data: golden.f32(`${id}/${name}`) });
        const result = await runWithGradients(fn, { x: host('x') }, host('g_y'));
        const bounds = op === 'max_pool' ? [0, 1e-6] : kernel === 31 ? [1e-5, 1e-5] : [5e-6, 5e-6];
        expectClose(
          result['y']?.data as Float32Array,
          golden.f32(`${id}/y`),
          { relL2: bounds[0] as number },
          `${id}/y`,
        );
        expectClose(
          result['d_x']?.data as Float32Array,
          golden.f32(`${id}/d_x`),
          { relL2: bounds[1] as number },
          `${id}/d_x`,
        );
      }
    });
  }
});

const window = fc
  .record({
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })),
    ceilMode: fc.boolean(),
    countIncludePad: fc.boolean(),
    pad: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    dilation: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })),
    size: fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 17 })),
    channels: fc.constantFrom(1, 3, 26),
  })
  .map(({ pad, ...rest }) => ({
    ...rest,
    padding: rest.kernel.map((k, d) => Math.floor((pad[d] as number) * (Math.floor(k / 2) + 0.99))) as [number, number],
  }));

type Window = typeof window extends fc.Arbitrary<infer T> ? T : never;

/** Whether every window has a sample inside the map: only then a maximum is defined. */
function fits({ kernel, padding, size, dilation, stride, ceilMode }: Window, dilated: boolean): boolean {
  return [0, 1].every((d) => {
    const step = dilated ? (dilation[d] as number) : 1;
    const extent = ((kernel[d] as number) - 1) * step + 1;
    const [pad, length] = [padding[d] as number, size[d] as number];
    if (length + 2 * pad < extent) return false;
    const count = reference.windows(
      length,
      { kernel, stride, padding, dilation: dilated ? dilation : [1, 1], ceilMode },
      d as 0 | 1,
    );
    return Array.from({ length: count }, (_, i) => i * (stride[d] as number) - pad).every((start) =>
      Array.from({ length: kernel[d] as number }, (_, u) => start + u * step).some((p) => p >= 0 && p < length),
    );
  });
}

describe('window rules', () => {
  it('number of windows, for every small size, kernel, stride, padding, dilation and ceil mode', () => {
    const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => i + from);
    let checked = 0;
    for (const size of upTo(12)) {
      for (const kernel of upTo(5)) {
        for (const stride of upTo(5)) {
          for (const padding of upTo(Math.floor(kernel / 2), 0)) {
            for (const dilation of upTo(3)) {
              if (size + 2 * padding < dilation * (kernel - 1) + 1) continue;
              for (const ceilMode of [false, true]) {
                const both = (n: number): [number, number] => [n, n];
                const window = {
                  kernel: both(kernel),
                  stride: both(stride),
                  padding: both(padding),
                  dilation: both(dilation),
                  ceilMode,
                };
                const text = `${size} ${JSON.stringify(window)}`;
                expect(windowCount(size, window, 0), text).toBe(reference.windows(size, window, 0));
                checked++;
              }
            }
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(2000);
  });

  it('maxPool2d: any window, stride, padding, dilation and ceil mode, over channel ranges', async () => {
    await forAll(
      window.filter((w) => fits(w, true)),
      async (w) => {
        const x = random('x', [2, w.channels + 1, ...w.size]);
        const { output } = await run((i) => maxPool2d(narrow(t(i, 'x'), 1, 1, w.channels), w.kernel, maxOptions(w)), {
          x,
        });
        const expected = reference.maxPool(reference.narrow(exact(x), 1, 1, w.channels), w);
        expect(output?.shape).toEqual(expected.shape);
        expectClose(output?.data as Float32Array, expected.data, { maxAbs: 0 });
      },
      25,
    );
  });

  it('avgPool2d: any window, stride, padding, divisor and ceil mode, over channel ranges', async () => {
    await forAll(
      window.filter((w) => fits(w, false)),
      async (w) => {
        const x = random('x', [2, w.channels + 1, ...w.size]);
        const { output } = await run(
          (i) =>
            avgPool2d(narrow(t(i, 'x'), 1, 1, w.channels), w.kernel, {
              ...avgOptions(w),
              countIncludePad: w.countIncludePad,
            }),
          { x },
        );
        const expected = reference.avgPool(
          reference.narrow(exact(x), 1, 1, w.channels),
          { ...w, dilation: [1, 1] },
          w.countIncludePad,
        );
        expect(output?.shape).toEqual(expected.shape);
        expectClose(output?.data as Float32Array, expected.data, { relL2: 2e-6, maxAbs: 2e-6 });
      },
      25,
    );
  });

  it('gradients agree with finite differences', async () => {
    await forAll(
      window.filter((w) => fits(w, true) && fits(w, false)),
      async (w) => {
        const x = distinct('x', [1, 2, Math.min(9, w.size[0]), Math.min(9, w.size[1])]);
        const smaller = { ...w, size: [x.shape[2] as number, x.shape[3] as number] as [number, number] };
        if (!fits(smaller, true) || !fits(smaller, false)) return;
        await checkGradients(
          (i) => maxPool2d(t(i, 'x'), w.kernel, maxOptions(w)),
          (v) => reference.maxPool(v, w),
          { x },
        );
        const plain = { ...w, dilation: [1, 1] as const };
        await checkGradients(
          (i) => avgPool2d(t(i, 'x'), w.kernel, { ...avgOptions(w), countIncludePad: w.countIncludePad }),
          (v) => reference.avgPool(v, plain, w.countIncludePad),
          { x },
        );
      },
      12,
    );
  });

  it('large windows are taken in two passes, with stride and ragged ends too', async () => {
    const x = random('x', [2, 3, 23, 19]);
    const w = { kernel: [9, 7], stride: [2, 3], padding: [4, 2], dilation: [1, 1], ceilMode: true } as const;
    for (const countIncludePad of [true, false]) {
      await checkGradients(
        (i) => avgPool2d(t(i, 'x'), w.kernel, { ...avgOptions(w), countIncludePad }),
        (v) => reference.avgPool(v, w, countIncludePad),
        {
          x: { shape: [1, 1, 11, 10], data: x.data.slice(0, 110) },
        },
      );
      const { output } = await run((i) => avgPool2d(t(i, 'x'), w.kernel, { ...avgOptions(w), countIncludePad }), { x });
      expectClose(output?.data as Float32Array, reference.avgPool(exact(x), w, countIncludePad).data, { relL2: 2e-6 });
    }
  });
});

describe('modules and errors', () => {
  it('MaxPool2d and AvgPool2d', async () => {
    const x = random('x', [1, 2, 7, 7]);
    const result = await run(
      (i) => ({ a: new MaxPool2d(3, { stride: 2, padding: 1 }).call(t(i, 'x')), b: new AvgPool2d(2).call(t(i, 'x')) }),
      { x },
    );
    expect(result['a']?.shape).toEqual([1, 2, 4, 4]);
    expect(result['b']?.shape).toEqual([1, 2, 3, 3]);
  });

  it('name what does not fit', () => {
    const code = (fn: (x: Tensor) => Tensor, x: number[] = [1, 2, 5, 5]): string =>
      codeOf(() => trace((i) => fn(t(i, 'x')), { x }));
    expect(code((x) => maxPool2d(x, 3, { padding: 2 }))).toBe('SHAPE_WINDOW');
    expect(code((x) => maxPool2d(x, 7))).toBe('SHAPE_WINDOW');
    expect(code((x) => avgPool2d(x, 2, { stride: 0 }))).toBe('SHAPE_ATTRIBUTE');
    expect(code((x) => avgPool2d(x, 1.5))).toBe('SHAPE_ATTRIBUTE');
    expect(code((x) => avgPool2d(x, 2), [2, 5, 5])).toBe('SHAPE_RANK');
  });
});
