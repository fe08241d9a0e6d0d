/** Transposed convolution: PyTorch's values (make_goldens.py), float64 by definition, finite differences, refusals. */
import { type Context, evaluate, gradients, isInfnetError, ParameterStore, type Tensor, trace } from '@infnet/core';
import { expectClose, numRuns, readFixtureJson } from '@infnet/testing';
import { batchSize, checkMidGraph, forAllDrawn, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConvTranspose2d, type ConvTranspose2dOptions, convTranspose2d } from '../src/index.js';
import { compute, gatherAlgorithms, openQuietly, random } from './support.js';

interface Case {
  readonly options: ConvTranspose2dOptions;
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;
}
const golden = await readFixtureJson<{ readonly cases: readonly Case[] }>('golden/ops/conv_transpose2d.json');

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

describe('PyTorch has the same values and gradients', () => {
  it.each(golden.cases.map((each) => [`${each.tensors['x']?.shape} ${JSON.stringify(each.options)}`, each] as const))(
    '%s',
    async (_, { options, tensors }) => {
      const names = ['x', 'w', 'b'].filter((name) => tensors[name] !== undefined);
      const inputs = Object.fromEntries(
        [...names, 'g'].map((name) => {
          const { shape = [], data = [] } = tensors[name] ?? {};
          return [name, { shape, data: Float32Array.from(data) }];
        }),
      );
      const results = await evaluate(
        context,
        (t: Readonly<Record<string, Tensor>>) => {
          const y = convTranspose2d(t['x'] as Tensor, t['w'] as Tensor, t['b'], options);
          const of = gradients(
            [{ output: y, gradient: t['g'] as Tensor }],
            names.map((name) => t[name] as Tensor),
          );
          return { y, ...Object.fromEntries(names.map((name, i) => [`d_${name}`, of[i] as Tensor])) };
        },
        inputs,
        { precision: 'exact' },
      );
      expect(Object.keys(results)).toHaveLength(names.length + 1);
      for (const [name, { shape, data }] of Object.entries(results)) {
        expect(shape).toEqual(tensors[name]?.shape);
        expectClose(data, tensors[name]?.data ?? [], { relL2: 2e-6 }, name);
      }
    },
  );
});

interface Drawn {
  readonly x: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly options: Readonly<Record<'stride' | 'padding' | 'outputPadding' | 'dilation', readonly [number, number]>> & {
    readonly groups: number;
  };
  readonly bias: boolean;
  readonly inRange: boolean;
  readonly wanted: 'all' | 'x' | 'weight';
}

const pair = (least: number, most: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

const sizesOf = ({ x, weight, options }: Drawn): readonly [number, number] => {
  const { stride, padding, outputPadding, dilation } = options;
  const side = (d: 0 | 1): number =>
    ((x[2 + d] as number) - 1) * stride[d] -
    2 * padding[d] +
    dilation[d] * ((weight[2 + d] as number) - 1) +
    outputPadding[d] +
    1;
  return [side(0), side(1)];
};

/** Every attribute; groups 1, 2, or as many as channels. */
const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    batch: batchSize,
    groupKind: fc.constantFrom('one', 'two', 'depthwise'),
    channels: fc.constantFrom(1, 3, 13),
    outPerGroup: fc.constantFrom(1, 2, 3, 13),
    size: fc.tuple(fc.constantFrom(1, 2, 5, 7), fc.constantFrom(1, 3, 5)),
    kernel: pair(1, 4),
    stride: pair(1, 3),
    padding: pair(0, 3),
    more: pair(0, 2),
    dilation: pair(1, 3),
    bias: fc.boolean(),
    inRange: fc.boolean(),
    wanted: fc.constantFrom('all', 'all', 'x', 'weight'),
  })
  .map(({ batch, groupKind, channels, outPerGroup, size, kernel, more, bias, inRange, wanted, ...options }): Drawn => {
    const [groups, count] = { one: [1, channels], two: [2, 2 * channels], depthwise: [channels, channels] }[
      groupKind as 'one' | 'two' | 'depthwise'
    ] as [number, number];
    const { stride, dilation } = options;
    const extra = (d: 0 | 1): number => Math.min(more[d], Math.max(stride[d], dilation[d]) - 1);
    return {
      x: [batch, count, ...size],
      weight: [count, outPerGroup, ...kernel],
      options: { ...options, outputPadding: [extra(0), extra(1)], groups },
      bias,
      inRange,
      wanted: wanted as Drawn['wanted'],
    };
  })
  .filter((test) => sizesOf(test).every((size) => size > 0));

/** Each input pixel adds the kernel, times its value: by definition, in float64. */
function reference(test: Drawn, x: ArrayLike<number>, w: ArrayLike<number>, bias?: ArrayLike<number>): Float64Array {
  const { stride, padding, dilation, groups } = test.options;
  const [batch, channels, height, width] = test.x;
  const [, perGroup, kernelHeight, kernelWidth] = test.weight;
  const [rows, columns] = sizesOf(test);
  const out = perGroup * groups;
  const y = new Float64Array(batch * out * rows * columns);
  if (bias !== undefined) for (const i of y.keys()) y[i] = bias[Math.floor(i / (rows * columns)) % out] as number;
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++)
          for (let m = 0; m < perGroup; m++)
            for (let u = 0; u < kernelHeight; u++)
              for (let v = 0; v < kernelWidth; v++) {
                const [row, column] = [
                  i * stride[0] + u * dilation[0] - padding[0],
                  j * stride[1] + v * dilation[1] - padding[1],
                ];
                if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
                const channel = Math.floor(c / (channels / groups)) * perGroup + m;
                const value = x[((n * channels + c) * height + i) * width + j] as number;
                const tap = w[((c * perGroup + m) * kernelHeight + u) * kernelWidth + v] as number;
                (y[((n * out + channel) * rows + row) * columns + column] as number) += value * tap;
              }
  return y;
}

it('any geometry has the gradients of finite differences mid-graph', async () => {
  await forAllDrawn(
    drawn,
    async (test) => {
      const { x: input, weight, options, bias, inRange, wanted } = test;
      const out = weight[1] * options.groups;
      await checkMidGraph(context, {
        inputs: {
          x: uniformValues('x', input),
          weight: uniformValues('weight', weight, Math.sqrt(3 / weight[0])),
          ...(bias && { bias: uniformValues('bias', [out]) }),
        },
        operator: ({ x, weight, bias }) => [convTranspose2d(x as Tensor, weight as Tensor, bias, options)],
        reference: ({ x, weight, bias }) => [
          {
            shape: [input[0], out, ...sizesOf(test)],
            data: reference(test, x?.data ?? [], weight?.data ?? [], bias?.data),
          },
        ],
        wanted: wanted === 'all' ? undefined : [wanted],
        inRange,
      });
    },
    16,
  );
});

it('every algorithm adds a bias to any geometry', async () => {
  const algorithms = gatherAlgorithms(context);
  await fc.assert(
    fc.asyncProperty(drawn, fc.constantFrom(...algorithms), async (test, algorithm) => {
      const [x, w] = [random('x', test.x), random('w', test.weight)];
      const b = random('b', [test.weight[1] * test.options.groups]);
      const y = await compute(
        context,
        ({ x, w, b }) => convTranspose2d(x as Tensor, w as Tensor, b, { ...test.options, algorithm }),
        { x, w, b },
      );
      expectClose(y, reference(test, x.data, w.data, b.data), { relL2: 2e-6 }, algorithm);
    }),
    { numRuns: numRuns(40), seed: 5 },
  );
});

it('3 x 3 of stride 1 by Winograd is the same', async () => {
  const options = { stride: [1, 1], padding: [1, 1], outputPadding: [0, 0], dilation: [1, 1], groups: 1 } as const;
  const test = { x: [2, 5, 7, 9], weight: [5, 3, 3, 3], options, bias: false, inRange: false, wanted: 'all' } as const;
  const [x, w] = [random('x', test.x), random('w', test.weight)];
  const y = await compute(
    context,
    ({ x, w }) => convTranspose2d(x as Tensor, w as Tensor, undefined, { padding: 1, algorithm: 'winograd2' }),
    { x, w },
  );
  expectClose(y, reference(test, x.data, w.data), { relL2: 2e-6 });
});

it('the gradient of x has gradients of its own', async () => {
  const options = { stride: 2, padding: 1, outputPadding: 1 };
  const [x, w] = [random('x', [1, 2, 3, 4]), random('w', [2, 3, 3, 3])];
  const [g, v] = [random('g', [1, 3, 6, 8]), random('v', [1, 2, 3, 4])];
  const { dg } = await evaluate(
    context,
    ({ x, w, g, v }) => {
      const [dx] = gradients([{ output: convTranspose2d(x, w, undefined, options), gradient: g }], [x]);
      return { dg: gradients([{ output: dx as Tensor, gradient: v }], [g])[0] as Tensor };
    },
    { x, w, g, v },
  );
  // dx is linear in g, with the transposed convolution as its transpose.
  const y = await compute(context, ({ v, w }) => convTranspose2d(v as Tensor, w as Tensor, undefined, options), {
    v,
    w,
  });
  expectClose(dg?.data ?? [], y, { relL2: 1e-6 });
});

it("the module has PyTorch's names, layout and first values", async () => {
  const module = new ConvTranspose2d(6, 4, [3, 2], { stride: 2, groups: 2 });
  const shapes = Object.fromEntries(module.stateDictSpec().map(({ name, shape }) => [name, shape]));
  expect(shapes).toEqual({ weight: [6, 2, 3, 2], bias: [4] });
  using store = new ParameterStore(context, module);
  store.initialize(3);
  const values = (await store.read()).get('weight')?.data ?? [];
  const most = Math.max(...Array.from(values, Math.abs));
  expect(most).toBeLessThanOrEqual(1 / Math.sqrt(12));
  expect(most).toBeGreaterThan(0.9 / Math.sqrt(12));
  expect(trace(({ x }) => module.call(x), { x: [1, 6, 4, 5] }).outputs.get('output')?.shape).toEqual([1, 4, 9, 10]);
  expect(new ConvTranspose2d(3, 2, 2, { bias: false }).bias).toBeUndefined();
});

it('what PyTorch refuses is refused by code', () => {
  const refused = (options: ConvTranspose2dOptions, weight = [4, 2, 3, 3], x = [1, 4, 5, 5], bias = [2]): unknown => {
    try {
      trace(({ x, w, b }) => convTranspose2d(x, w, b, options), { x, w: weight, b: bias });
      return undefined;
    } catch (error) {
      return isInfnetError(error) ? error.code : error;
    }
  };
  expect(refused({})).toBeUndefined();
  expect(refused({ outputPadding: 1 })).toBe('SHAPE_ATTRIBUTE');
  expect(refused({ outputPadding: [0, 2], stride: 2 })).toBe('SHAPE_ATTRIBUTE');
  expect(refused({ outputPadding: 2, dilation: 3, stride: 2 })).toBeUndefined();
  expect(refused({ groups: 3 })).toBe('SHAPE_CHANNELS');
  expect(refused({}, [3, 2, 3, 3])).toBe('SHAPE_CHANNELS');
  expect(refused({ padding: 4 })).toBe('SHAPE_EMPTY');
  expect(refused({ padding: -1 })).toBe('SHAPE_ATTRIBUTE');
  expect(refused({ stride: 0 })).toBe('SHAPE_ATTRIBUTE');
  expect(refused({}, [4, 2, 3])).toBe('SHAPE_RANK');
  expect(refused({}, [4, 2, 3, 3], [4, 5, 5])).toBe('SHAPE_RANK');
  expect(refused({}, [4, 2, 3, 3], [1, 4, 5, 5], [4])).toBe('SHAPE_MISMATCH');
});
