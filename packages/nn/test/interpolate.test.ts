import { type Tensor, trace } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InterpolateOptions, interpolate, narrow, Upsample } from '../src/index.js';
import * as reference from './reference/operators.js';
import {
  checkGradients,
  codeOf,
  exact,
  forAll,
  random,
  run,
  runWithGradients,
  type Tensors,
  useContext,
} from './support/harness.js';

useContext();

interface Cases {
  readonly cases: readonly {
    readonly case: string;
    readonly params: {
      readonly size?: readonly [number, number];
      readonly scale_factor?: number;
      readonly align_corners: boolean;
      readonly recompute_scale_factor?: boolean | null;
    };
  }[];
}

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

describe('goldens', () => {
  itWithGolden<Cases>(
    'all sizes and factors, both corner conventions, with gradients',
    'ops/interpolate',
    async (golden) => {
      expect(golden.json.cases).toHaveLength(34);
      for (const { case: id, params } of golden.json.cases) {
        const options: InterpolateOptions = {
          ...(params.size === undefined ? {} : { size: params.size }),
          ...(params.scale_factor === undefined ? {} : { scaleFactor: params.scale_factor }),
          alignCorners: params.align_corners,
          recomputeScaleFactor: params.recompute_scale_factor === true,
        };
        const host = (name: string) => ({ shape: golden.shape(`${id}/${name}`), data: golden.f32(`${id}/${name}`) });
        const result = await runWithGradients((i) => interpolate(t(i, 'x'), options), { x: host('x') }, host('g_y'));
        for (const name of ['y', 'd_x']) {
          expect(result[name]?.shape).toEqual(golden.shape(`${id}/${name}`));
          expectClose(
            result[name]?.data as Float32Array,
            golden.f32(`${id}/${name}`),
            { relL2: 2e-5 },
            `${id}/${name}`,
          );
        }
      }
    },
  );
});

const cases = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  channels: fc.constantFrom(1, 3, 26),
  input: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
  output: fc.tuple(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 1, max: 25 })),
  alignCorners: fc.boolean(),
});

describe('bilinear', () => {
  it('any size to any size, over channel ranges', async () => {
    await forAll(
      cases,
      async ({ batch, channels, input, output, alignCorners }) => {
        const x = random('x', [batch, channels + 2, ...input]);
        const { output: y } = await run(
          (i) => interpolate(narrow(t(i, 'x'), 1, 1, channels), { size: output, alignCorners }),
          { x },
        );
        const expected = reference.bilinear(reference.narrow(exact(x), 1, 1, channels), output, alignCorners);
        expectClose(y?.data as Float32Array, expected.data, { maxAbs: 2e-5 });
      },
      20,
    );
  });

  it('gradients agree with finite differences, up and down, both corner conventions', async () => {
    const sizes: [number, number, number, number][] = [
      [3, 4, 7, 9],
      [8, 9, 3, 2],
      [1, 5, 4, 1],
      [4, 1, 1, 3],
      [5, 5, 5, 5],
    ];
    for (const [h, w, ...size] of sizes) {
      for (const alignCorners of [false, true]) {
        const x = random('x', [2, 3, h, w]);
        await checkGradients(
          (i) => interpolate(t(i, 'x'), { size, alignCorners }),
          (v) => reference.bilinear(v, size, alignCorners),
          { x },
        );
      }
    }
    const x = random('x', [1, 2, 5, 7]);
    const fn = (i: Tensors): Tensor => interpolate(t(i, 'x'), { scaleFactor: [1.7, 0.6] });
    await checkGradients(fn, (v) => reference.bilinear(v, [8, 4], false, [1 / 1.7, 1 / 0.6]), { x });
  });

  it('module', async () => {
    const x = random('x', [1, 2, 3, 3]);
    const { output } = await run((i) => new Upsample({ scaleFactor: 2, alignCorners: true }).call(t(i, 'x')), { x });
    expectClose(output?.data as Float32Array, reference.bilinear(exact(x), [6, 6], true).data, { maxAbs: 1e-6 });
  });
});

describe('errors', () => {
  it('name what does not fit', () => {
    const code = (options: InterpolateOptions, x: number[] = [1, 2, 3, 3]): string =>
      codeOf(() => trace((i) => interpolate(t(i, 'x'), options), { x }));
    expect(code({})).toBe('SHAPE_ATTRIBUTE');
    expect(code({ size: 4, scaleFactor: 2 })).toBe('SHAPE_ATTRIBUTE');
    expect(code({ scaleFactor: -1 })).toBe('SHAPE_ATTRIBUTE');
    expect(code({ scaleFactor: 0.25 })).toBe('SHAPE_SIZE');
    expect(code({ size: 2.5 })).toBe('SHAPE_ATTRIBUTE');
    expect(code({ size: 2 }, [2, 3, 3])).toBe('SHAPE_RANK');
  });
});
