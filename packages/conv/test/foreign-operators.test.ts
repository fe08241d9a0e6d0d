/** Operators of a user that bear the names of infnet's: nothing takes them for those. */
import {
  applyOne,
  type Context,
  elementCount,
  gradients,
  type HostTensor,
  type Operator,
  ParameterStore,
  schedule,
  standardName,
  type Tensor,
  trace,
  type View,
} from '@infnet/core';
import type { Kernel } from '@infnet/core/kernels';
import { add, addOperator, BatchNorm2d, batchNorm2dOperator, relu, reluOperator } from '@infnet/nn';
import { expectClose } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conv2d, conv2dOperator, conv2dSettings } from '../src/index.js';
import { conv2dCall } from '../src/kernels.js';
import { compute, openQuietly, random } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

/** y = formula(a, b), where b is the last input. */
function valueByValue(name: string, inputs: number, formula: string): Operator {
  const b = inputs > 1 ? '@group(0) @binding(2) var<storage, read> b: array<f32>;' : '';
  const kernel: Kernel = {
    name: `my/${name}`,
    source: `
      @group(0) @binding(1) var<storage, read> a: array<f32>;
      ${b}
      @group(0) @binding(3) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x < arrayLength(&y)) { y[id.x] = ${formula}; }
      }`,
  };
  return {
    name,
    infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
    lower: ({ inputs: given, outputs }) => {
      const operands: Record<string, View> = { a: given[0] as View, y: outputs[0] as View };
      if (inputs > 1) operands['b'] = given[1] as View;
      const count = elementCount(operands['y']?.type.shape ?? []);
      const workgroups = [Math.ceil(count / 64), 1, 1] as const;
      return [{ kernel, constants: {}, params: {}, workgroups, flops: 0, bytes: 0, operands }];
    },
  };
}

const clamp = valueByValue('relu', 1, 'clamp(a[id.x], 0.0, 1.0)');
const half = valueByValue('add', 2, '0.5 * (a[id.x] + b[id.x])');
const first = valueByValue('batchNorm2d', 5, 'a[id.x] + b[id.x % 3u]');

const plain = random('foreign/x', [2, 3, 4, 5]);
const x: HostTensor = { ...plain, data: plain.data.map((value) => 4 * value) };
const w: HostTensor = random('foreign/w', [3, 3, 3, 3]);

type Body = (inputs: Readonly<Record<'x' | 'w', Tensor>>) => Tensor;
const conv: Body = ({ x, w }) => conv2d(x, w, undefined, { padding: 1 });
const clamped = (value: Tensor): Tensor => applyOne(clamp, [value], {});

describe('an operator of the same name', () => {
  it.each<[string, Body]>([
    ['relu after a convolution', (given) => clamped(conv(given))],
    ['relu after an addition', (given) => clamped(add(given.x, conv(given)))],
    ['add after a convolution', (given) => applyOne(half, [conv(given), given.x], {})],
    ['add before a convolution', ({ x, w }) => conv({ x: applyOne(half, [x, relu(x)], {}), w })],
    ['add, then relu', (given) => relu(applyOne(half, [conv(given), given.x], {}))],
    [
      'a copy of relu with another lower',
      (given) => applyOne({ ...reluOperator, lower: clamp.lower } as never, [conv(given)], {}),
    ],
    [
      'an heir of relu',
      (given) => applyOne(Object.create(reluOperator, { lower: { value: clamp.lower } }), [conv(given)], {}),
    ],
    [
      'a copy with all properties',
      (given) => {
        const copy = Object.defineProperties(
          {},
          { ...Object.getOwnPropertyDescriptors(reluOperator), lower: { value: clamp.lower } },
        );
        return applyOne(copy as Operator, [conv(given)], {});
      },
    ],
  ])('is not fused: %s', async (_, body) => {
    for (const precision of ['exact', 'fast'] as const) {
      const apart = await compute(context, body as never, { x, w }, { precision, fusion: false });
      expectClose(await compute(context, body as never, { x, w }, { precision }), apart, { maxAbs: 1e-4 });
    }
    const graph = trace(body, { x: x.shape, w: w.shape });
    const names = schedule(graph).dispatches.map(({ kernel }) => kernel.name);
    expect(names.some((name) => name.startsWith('my/'))).toBe(true);
  });

  it('is not taken for the batch norm behind a convolution or for the relu behind a batch norm', async () => {
    const bn = new BatchNorm2d(3);
    bn.eval();
    const values = {
      weight: [2, 1, 3],
      bias: [0.5, -1, 0],
      running_mean: [1, 0, 2],
      running_var: [4, 1, 2],
      num_batches_tracked: [0],
    };
    const store = new ParameterStore(context, bn);
    store.load(
      new Map(
        Object.entries(values).map(([name, list]) => [
          name,
          {
            shape: name.startsWith('num') ? [] : [3],
            data: name.startsWith('num') ? Int32Array.from(list) : Float32Array.from(list),
          },
        ]),
      ),
    );
    const bodies: readonly Body[] = [
      (given) => clamped(bn.call(conv(given))),
      (given) => clamped(add(bn.call(given.x), given.x)),
      ({ x, w }) =>
        applyOne(first, [conv({ x, w }), ...[bn.weight, bn.bias, bn.running_mean, bn.running_var]], {
          training: false,
          eps: 1e-5,
          momentum: 0.1,
        }),
    ];
    for (const body of bodies) {
      const apart = await compute(context, body as never, { x, w }, { fusion: false, parameters: store });
      expectClose(await compute(context, body as never, { x, w }, { parameters: store }), apart, { maxAbs: 1e-4 });
    }
    store.dispose();
  });

  it("has no known name; infnet's own cannot be changed", () => {
    const known = [reluOperator, addOperator, batchNorm2dOperator, conv2dOperator] as unknown as Operator[];
    expect(known.map(standardName)).toEqual(['relu', 'add', 'batchNorm2d', 'conv2d']);
    expect([clamp, half, first, { ...known[0] } as Operator].map(standardName)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => Object.assign(reluOperator, { lower: clamp.lower })).toThrow(TypeError);
  });

  it('keeps the gradient of its own', async () => {
    const grad = {
      ...clamp,
      gradient: ({ outputGradients: [g] }: Parameters<NonNullable<Operator['gradient']>>[0]) => [g],
    };
    const body: Body = ({ x, w }) => {
      const y = applyOne(grad, [conv({ x, w })], {});
      return gradients([{ output: y, gradient: x }], [x])[0] as Tensor;
    };
    const fused = await compute(context, body as never, { x, w });
    expectClose(fused, await compute(context, body as never, { x, w }, { fusion: false }), { maxAbs: 1e-4 });
  });
});

describe('conv2d and its settings', () => {
  const input = [1, 3, 8, 8] as const;
  const weight = [4, 3, 3, 3] as const;

  it.each<[string, object]>([
    ['four paddings', { padding: [1, 1, 1, 1] }],
    ['one padding in a list', { padding: [1] }],
    ['NaN padding', { padding: Number.NaN }],
    ['a padding that is no word', { padding: 'sames' }],
    ['stride 0', { stride: 0 }],
    ['three strides', { stride: [1, 1, 1] }],
    ['half a dilation', { dilation: 0.5 }],
    ['a group too few', { groups: 0 }],
    ['an unknown option', { paddding: 1 }],
  ])('refuse %s, in the call, the operator and the module', (_, options) => {
    const code = expect.stringMatching(/^(SHAPE_ATTRIBUTE|OPTION_UNKNOWN)$/);
    expect(() => conv2dCall({ input, weight, ...options })).toThrow(expect.objectContaining({ code }));
    expect(() => trace(({ x, w }) => conv2d(x, w, undefined, options), { x: input, w: weight })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it.each<[string, object, string]>([
    ['an unknown activation', { activation: 'gelu' }, 'OPTION_INVALID'],
    ['a size that is NaN', { input: [1, 3, Number.NaN, 8] }, 'SHAPE_INVALID'],
    ['a shape of three', { input: [3, 8, 8] }, 'SHAPE_RANK'],
    ['a range of half an item', { input: [2, 3, 8, 8], ranges: { x: { offset: 0, batchStride: 96 } } }, 'KERNEL_RANGE'],
    [
      'a range of an operand that is not asked for',
      { ranges: { residual: { offset: 0, batchStride: 256 } } },
      'OPTION_INVALID',
    ],
    ['an unknown kernel', { kernel: 'gemm2' }, 'OPTION_INVALID'],
  ])('refuse %s', (_, options, code) => {
    expect(() => conv2dCall({ input, weight, ...options } as never)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['winograd2', 'winograd4', 'gemm-tiled/7x7x7', 'gemm-subgroup/0x8x1', 'nonsense'])(
    'refuse %s where it cannot be',
    (algorithm) => {
      const settings = conv2dSettings({ stride: 2 }, [3, 3], 'test');
      const graph = trace(
        ({ x, w }) => applyOne(conv2dOperator, [x, w], { ...settings, algorithm: algorithm as never }),
        { x: input, w: weight },
      );
      expect(() => schedule(graph)).toThrow(expect.objectContaining({ code: 'KERNEL_UNAVAILABLE' }));
    },
  );
});
