/** What an operator promises and what its kernel's text says: where they disagree, nothing runs wrongly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyOne,
  type Context,
  DEFAULT_LIMITS,
  type Dispatch,
  evaluate,
  type Graph,
  gradients,
  type LowerContext,
  type Operator,
  open,
  preparePlan,
  schedule,
  sumTensors,
  type Tensor,
  trace,
  type View,
} from '../src/index.js';
import type { Kernel } from '../src/kernels.js';
import { assertFits } from '../src/plan/fit.js';
import { join, scale, scaleOperator, split } from './operators.js';
import { value, valueKernel, valueOperator } from './own-operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const ramp = (shape: readonly number[]): { shape: readonly number[]; data: Float32Array } => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
});

const run = async (fn: (inputs: { readonly x: Tensor }) => Tensor, shape: readonly number[]): Promise<number[]> => {
  const { output } = await evaluate(context, fn, { x: ramp(shape) });
  return [...(output?.data ?? [])];
};

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

describe('identity', () => {
  it('of a kernel is its text, not its name', async () => {
    const cube = { name: 'my/power', formula: 'v * v * v' };
    const square = { name: 'my/power', formula: 'v * v' };
    expect(await run(({ x }) => value(x, cube), [1, 3])).toEqual([1, 8, 27]);
    expect(await run(({ x }) => value(x, square), [1, 3])).toEqual([1, 4, 9]);
    const both = ({ x }: { readonly x: Tensor }): Tensor => join([value(x, cube), value(x, square)]);
    expect(await run(both, [1, 3])).toEqual([1, 8, 27, 1, 4, 9]);
  });

  it('does not let a text with a mistake run under the name of one without', async () => {
    await run(({ x }) => value(x, { name: 'my/known' }), [1, 3]);
    const broken = run(({ x }) => value(x, { name: 'my/known', formula: 'v *** nonsense' }), [1, 3]);
    await expect(broken).rejects.toMatchObject({ code: 'KERNEL_COMPILE' });
  });

  it('follows the text of a kernel object that was changed', async () => {
    const kernel = { ...valueKernel({ name: 'my/changing' }) } as { name: string; source: string };
    const operator: Operator = {
      ...valueOperator({}),
      lower: (given) =>
        valueOperator({})
          .lower(given)
          .map((dispatch) => ({ ...dispatch, kernel })),
    };
    expect(await run(({ x }) => applyOne(operator, [x], {}), [1, 2])).toEqual([2, 4]);
    kernel.source = kernel.source.replace('2.0 * v', '5.0 * v');
    expect(await run(({ x }) => applyOne(operator, [x], {}), [1, 2])).toEqual([5, 10]);
  });

  it('shares the pipeline of equal texts, whatever their names', async () => {
    await run(({ x }) => value(x, { name: 'my/first', formula: '7.0 * v' }), [1, 2]);
    const { size } = context.pipelines;
    await run(({ x }) => value(x, { name: 'my/second', formula: '7.0 * v' }), [1, 2]);
    expect(context.pipelines.size).toBe(size);
  });
});

describe('views', () => {
  const knowing = [
    {},
    { offsets: ['x', 'y'] },
    { strides: ['x', 'y'] },
    { offsets: ['x'], strides: ['x'] },
    { offsets: ['y'], strides: ['y'] },
    { offsets: ['x', 'y'], strides: ['x', 'y'] },
    { offsets: ['x', 'y'], strides: ['x', 'y'], declaredOnly: true },
  ];

  it.each([1, 3])('are taken by kernels that can, and copied for those that cannot: batch %i', async (batch) => {
    const parts = (x: Tensor): readonly Tensor[] => split(scale(x, 1), [2, 3]);
    for (const knows of knowing) {
      const joined = ({ x }: { readonly x: Tensor }): Tensor => join([value(x, knows), value(scale(x, 1), knows)]);
      const from = ramp([batch, 2, 2]).data;
      const item = (n: number): number[] => [...from.subarray(4 * n, 4 * n + 4)].map((v) => 2 * v);
      const expected = Array.from({ length: batch }, (_, n) => [...item(n), ...item(n)]).flat();
      expect(await run(joined, [batch, 2, 2]), JSON.stringify(knows)).toEqual(expected);
      const cut = ({ x }: { readonly x: Tensor }): Tensor => value(parts(x)[1] as Tensor, knows);
      const whole = ramp([batch, 5, 2]).data;
      const second = Array.from({ length: batch }, (_, n) => [...whole.subarray(10 * n + 4, 10 * n + 10)]).flat();
      expect(await run(cut, [batch, 5, 2]), JSON.stringify(knows)).toEqual(second.map((v) => 2 * v));
    }
  });

  it('cost no copy where the kernel is told their place', () => {
    const full = { offsets: ['x', 'y'], strides: ['x', 'y'] };
    const dispatches = (knows: object): number =>
      schedule(trace(({ x }) => join([value(x, knows), value(x, knows)]), { x: [2, 3] })).dispatches.length;
    expect(dispatches(full)).toBe(2);
    expect(dispatches({})).toBe(4);
  });

  it('are refused with operator, kernel and operand where takesViews says yes and the text says no', () => {
    const graph = trace(({ x }) => join([x, value(x, { name: 'my/whole' }, { takesViews: true })]), { x: [1, 3] });
    expect(() => schedule(graph)).toThrow(/KERNEL_VIEW.*operand "y".*yOffset.*value, kernel my\/whole/s);
  });

  it('are refused where lower tells the kernel 0', async () => {
    const knows = { offsets: ['x', 'y'], strides: ['x', 'y'] };
    const plain = valueOperator(knows);
    const lower: Operator['lower'] = (given) =>
      plain.lower(given).map((dispatch) => ({ ...dispatch, params: { ...dispatch.params, yOffset: 0 } }));
    const two = ({ x }: { readonly x: Tensor }): Tensor => join([scale(x, 1), value(x, knows, { lower })]);
    expect(await run(two, [1, 2])).toEqual([1, 2, 2, 4]);
    const claimed = trace(({ x }) => join([x, value(x, knows, { lower, takesViews: true })]), { x: [1, 2] });
    expect(() => schedule(claimed)).toThrow(/KERNEL_VIEW.*is told yOffset = 0/s);
  });

  it('reach a kernel of whole tensors through a reshape only when they have no gaps', async () => {
    const second = ({ x }: { readonly x: Tensor }): Tensor => value(split(scale(x, 3), [1, 1])[1] as Tensor);
    expect(await run(second, [2, 2, 2])).toEqual([18, 24, 42, 48]);
  });
});

describe('what a dispatch gives', () => {
  const plain = valueOperator({});
  /** The operator with its only dispatch changed. */
  const changed = (
    change: (dispatch: Dispatch, views: readonly View[]) => object,
    more: Partial<Operator> = {},
  ): Graph => {
    const lower: Operator['lower'] = (given) =>
      plain.lower(given).map((dispatch) => ({ ...dispatch, ...change(dispatch, given.inputs) }) as Dispatch);
    return trace(({ x }) => applyOne({ ...plain, lower, ...more }, [x], {}), { x: [1, 3] });
  };

  it.each<[string, string, RegExp, (dispatch: Dispatch) => object]>([
    [
      'a surplus operand',
      'KERNEL_OPERANDS',
      /extra unknown/,
      ({ operands }) => ({ operands: { ...operands, extra: operands['x'] } }),
    ],
    [
      'a misspelt operand',
      'KERNEL_OPERANDS',
      /x missing; X unknown/,
      ({ operands: { x, y } }) => ({ operands: { X: x, y } }),
    ],
    ['a missing operand', 'KERNEL_OPERANDS', /x missing/, ({ operands: { y } }) => ({ operands: { y } })],
    [
      'one storage twice',
      'KERNEL_OPERANDS',
      /"y" and "x" lie in one storage/,
      ({ operands: { y } }) => ({ operands: { x: y, y } }),
    ],
    [
      'a surplus parameter',
      'KERNEL_PARAMETERS',
      /unknown parameters: scale/,
      ({ params }) => ({ params: { ...params, scale: 1 } }),
    ],
    [
      'a missing parameter',
      'KERNEL_PARAMETERS',
      /"item" is missing/,
      ({ params: { count } }) => ({ params: { count } }),
    ],
    [
      'a NaN for an integer',
      'KERNEL_PARAMETERS',
      /"item" = NaN is not a u32/,
      ({ params }) => ({ params: { ...params, item: Number.NaN } }),
    ],
    [
      'an integer over 32 bits',
      'KERNEL_PARAMETERS',
      /"item" = 4294967296/,
      ({ params }) => ({ params: { ...params, item: 2 ** 32 } }),
    ],
    ['an unknown constant', 'KERNEL_CONSTANTS', /TILE does not occur/, () => ({ constants: { TILE: 4 } })],
    ['no workgroups', 'KERNEL_WORKGROUPS', /\[0, 1, 1\]/, () => ({ workgroups: [0, 1, 1] })],
    ['half a workgroup', 'KERNEL_WORKGROUPS', /\[1, 0.5, 1\]/, () => ({ workgroups: [1, 0.5, 1] })],
    ['two counts', 'KERNEL_WORKGROUPS', /\[1, 1\]/, () => ({ workgroups: [1, 1] })],
    ['no kernel', 'KERNEL_INVALID', /name and its WGSL text/, () => ({ kernel: { name: 'my/nothing' } })],
    ['no operands', 'KERNEL_OPERANDS', /x, y missing/, () => ({ operands: undefined })],
    [
      'an operand that is undefined',
      'KERNEL_OPERANDS',
      /x missing/,
      ({ operands: { y } }) => ({ operands: { x: undefined, y } }),
    ],
    ['no parameters', 'KERNEL_PARAMETERS', /"item" is missing/, () => ({ params: undefined })],
    [
      'no constants where some are needed',
      'KERNEL_WORKGROUPS',
      /undefined/,
      () => ({ workgroups: undefined, constants: undefined }),
    ],
    ['too small a storage', 'KERNEL_OPERANDS', /"x" has 12 bytes; 16 are needed/, () => ({ elements: { x: 4 } })],
  ])('is refused: %s', (_, code, message, change) => {
    const attempt = (): unknown => schedule(changed(change));
    expect(attempt).toThrow(expect.objectContaining({ code, where: expect.stringContaining('value') }));
    expect(attempt).toThrow(message);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39, '1' as unknown as number])(
    'is refused with the f32 parameter %s',
    (factor) => {
      // As an attribute it would be refused when it is traced; here only the kernel gets it.
      const lower: Operator['lower'] = (given) =>
        scaleOperator.lower({ ...given, attributes: { factor } } as LowerContext<{ factor: number }>);
      const graph = trace(({ x }) => applyOne({ ...scaleOperator, lower } as never, [x], { factor: 1 }), { x: [1, 3] });
      expect(() => schedule(graph)).toThrow(
        /KERNEL_PARAMETERS.*"factor" = .* is not a finite f32.*scale, kernel test/s,
      );
    },
  );

  it('may lack constants and counts of work, and attributes that are no object are refused', async () => {
    const {
      operator: _,
      scope: __,
      ...call
    } = schedule(changed(() => ({ constants: undefined, flops: undefined, bytes: undefined })))
      .dispatches[0] as ReturnType<typeof schedule>['dispatches'][number];
    expect(call).toMatchObject({ constants: {}, flops: 0, bytes: 0 });
    const attempt = (): unknown =>
      trace(({ x }) => applyOne(plain, [x], undefined as unknown as Record<string, never>), { x: [1, 3] });
    expect(attempt).toThrow(/SHAPE_ATTRIBUTE.*the attributes of value are undefined/s);
  });

  it('is refused when no dispatch writes a result', () => {
    const graph = changed(() => ({}), {
      infer: ([x]) => [
        { shape: x?.shape ?? [], dtype: 'f32' },
        { shape: [2], dtype: 'f32' },
      ],
    });
    expect(() => schedule(graph)).toThrow(/KERNEL_OPERANDS.*no dispatch writes output 1 \[2\]/s);
  });

  it('is refused when floats are read as integers or the other way round', () => {
    const labels = trace(({ x }) => value(x), { x: { shape: [1, 3], dtype: 'u32' } });
    expect(() => schedule(labels)).toThrow(/KERNEL_OPERANDS.*"x" holds u32, the kernel's text has f32/s);
  });

  it('is refused when an in-place promise does not hold', () => {
    const graph = trace(
      ({ x }) => {
        const [a, b] = split(scale(x, 2), [1, 1]) as readonly [Tensor, Tensor];
        const full = { offsets: ['x', 'y'], strides: ['x', 'y'] };
        return join([a, value(b, full, { sharesStorage: () => [0] })]);
      },
      { x: [1, 2, 3] },
    );
    // Either the planner keeps them apart, or it says so; it does not hand the device a dispatch that it refuses.
    try {
      for (const { operands } of schedule(graph).dispatches) {
        expect(operands['x']?.storage).not.toBe(operands['y']?.storage);
      }
    } catch (error) {
      expect(codeOf(error)).toBe('KERNEL_OPERANDS');
    }
  });

  it('may have its attributes in either order and comments of either form', async () => {
    const { source } = valueKernel({});
    const kernel: Kernel = {
      name: 'my/order',
      source: `/* @group(0) @binding(7) var<storage, read> old: array<f32>; */ ${source.replaceAll(/@group\(0\) (@binding\(\d\))/g, '$1 @group(0)')}`,
    };
    const lower: Operator['lower'] = (given) => plain.lower(given).map((dispatch) => ({ ...dispatch, kernel }));
    expect(await run(({ x }) => applyOne({ ...plain, lower }, [x], {}), [1, 3])).toEqual([2, 4, 6]);
  });
});

describe('workgroups', () => {
  it.each([0, 1, 2])('over the limit in dimension %i are refused before anything runs', async (dimension) => {
    const workgroups = [1, 1, 1].map((one, d) => (d === dimension ? 65536 : one)) as [number, number, number];
    const plain = valueOperator({ name: 'my/many' });
    const lower: Operator['lower'] = (given) => plain.lower(given).map((dispatch) => ({ ...dispatch, workgroups }));
    const graph = trace(({ x }) => applyOne({ ...plain, lower }, [x], {}), { x: [1, 3] });
    await expect(preparePlan(context, graph)).rejects.toMatchObject({
      code: 'KERNEL_WORKGROUPS',
      message: expect.stringContaining('65536'),
      where: 'value, kernel my/many',
    });
  });

  it('of a sum of views are folded where the batch is over the limit', async () => {
    const batch = 65_537;
    const { output } = await evaluate(context, ({ x }) => sumTensors(split(x, [2, 2])), { x: ramp([batch, 4]) });
    const data = output?.data as Float32Array;
    for (const n of [0, 1, 255, 65_534, 65_535, 65_536]) {
      expect([data[2 * n], data[2 * n + 1]]).toEqual([8 * n + 4, 8 * n + 6]);
    }
  });
});

describe('what does not fit', () => {
  const graph = (batch: number): Graph => trace(({ x }) => scale(x, 2), { x: [batch, 1, 32, 32] });
  const at = (limit: number) => ({ ...DEFAULT_LIMITS, maxStorageBufferBindingSize: limit });

  it('is told in bytes where rounded figures would be equal', () => {
    expect(() => assertFits(schedule(graph(65)), at(65 * 4096 - 4), undefined)).toThrow(/266240 bytes.*266236 bytes/s);
    expect(() => assertFits(schedule(graph(1024)), at(2 ** 20), undefined)).toThrow(/4\.0 MiB.*1\.0 MiB/s);
    const { total } = schedule(graph(1)).memory;
    expect(() => assertFits(schedule(graph(1)), DEFAULT_LIMITS, total - 1)).toThrow(
      `${total} bytes, the budget is ${total - 1} bytes`,
    );
  });

  it('gets no advice to split a batch of one', () => {
    for (const [limits, budget] of [
      [at(4096 - 4), undefined],
      [DEFAULT_LIMITS, 4096],
    ] as const) {
      expect(() => assertFits(schedule(graph(1)), limits, budget)).toThrow(/Fix: (?!.*batch)/s);
      expect(() => assertFits(schedule(graph(2)), limits, budget)).toThrow(/Fix: .*planInBatches/s);
    }
  });
});

describe('names that nobody knows', () => {
  it('are refused in options of plans, specs of inputs and upstream gradients', () => {
    const graph = trace(({ x }) => scale(x, 2), { x: [1, 2] });
    expect(() => schedule(graph, { fusoin: false } as never)).toThrow(/OPTION_UNKNOWN.*fusoin.*fusion/s);
    expect(() => schedule(graph, { precision: 'hlaf' as never })).toThrow(/OPTION_INVALID.*"hlaf"/s);
    const spec = (x: object) => () => trace<'x'>(({ x }) => scale(x, 2), { x } as never);
    expect(spec({ shape: [1, 2], dtpye: 'u32' })).toThrow(/OPTION_UNKNOWN.*dtpye/s);
    expect(spec({ shape: [1, 2], dtype: 'f64' })).toThrow(/OPTION_INVALID.*"f64"/s);
    expect(spec({ dtype: 'f32' })).toThrow(/SHAPE_INVALID/);
    const upstream = (fields: object) => () =>
      trace(({ x }) => gradients([{ output: scale(x, 2), ...fields }], [x])[0] as Tensor, { x: [1, 1] });
    expect(upstream({ gradeint: 1 })).toThrow(/OPTION_UNKNOWN.*gradeint/s);
    expect(upstream({})).not.toThrow();
  });

  it('of an input give an error that lists the inputs', () => {
    const misspelt = (): unknown =>
      trace(({ imgae }: Record<string, Tensor>) => scale(imgae as Tensor, 2), { image: [1, 2] });
    expect(misspelt).toThrow(/GRAPH_INPUT.*input 0 of scale is undefined/s);
    const second = (): unknown =>
      trace(
        ({ image, msak }: Record<string, Tensor>) => applyOne(valueOperator({}), [image as Tensor, msak as Tensor], {}),
        { image: [1, 2] },
      );
    expect(second).toThrow(/GRAPH_INPUT.*The inputs of the trace are: image/s);
  });

  it('and surplus or missing inputs are refused where an operator says how many it takes', () => {
    const operator = { ...valueOperator({}), arity: 1 };
    const given = (count: number) => () =>
      trace(({ x }) => applyOne(operator, Array<Tensor>(count).fill(x), {}), { x: [1, 2] });
    expect(given(1)).not.toThrow();
    expect(given(2)).toThrow(/GRAPH_INPUT.*value takes 1 inputs, got 2/s);
    const two = { ...operator, arity: [1, 2] as const };
    expect(() => trace(({ x }) => applyOne(two, [x, x, x], {}), { x: [1, 2] })).toThrow(/takes 1 to 2 inputs, got 3/);
  });

  it('of a constant cannot be those of every object, and a division by zero is no condition', () => {
    const graph = (source: string): Graph => {
      const kernel = { name: 'my/text', source: `${source}\n${valueKernel({}).source}` };
      const plain = valueOperator({});
      const lower: Operator['lower'] = (given) => plain.lower(given).map((dispatch) => ({ ...dispatch, kernel }));
      return trace(({ x }) => applyOne({ ...plain, lower }, [x], {}), { x: [1, 2] });
    };
    expect(() => schedule(graph('#if constructor\n#end'))).toThrow(/KERNEL_EXPANSION.*unknown name "constructor"/s);
    expect(() => schedule(graph('#for i in 0..1 / 0\n#end'))).toThrow(/KERNEL_EXPANSION.*no integer/s);
  });
});
