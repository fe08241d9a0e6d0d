/** Lines of tensors (`joinFlat`) and slabs of parameters: what lets one dispatch update many parameters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  apply,
  applyOne,
  type Context,
  type Dispatch,
  elementCount,
  evaluate,
  type Operator,
  open,
  Parameter,
  type ParameterSlab,
  ParameterStore,
  preparePlan,
  schedule,
  type Tensor,
  trace,
  type View,
} from '../src/index.js';
import { type Kernel, sumDispatch } from '../src/kernels.js';
import addSource from './kernels/add-in-place.wgsl';
import twiceSource from './kernels/twice.wgsl';
import { join, scale } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

interface Line extends Record<string, unknown> {
  readonly starts: readonly number[];
  readonly length: number;
}

const lineOperator: Operator<Line> = {
  name: 'line',
  infer: (_inputs, { length }) => [{ shape: [length], dtype: 'f32' }],
  placement: ({ starts }) => ({ kind: 'joinFlat', starts }),
  lower: ({ inputs, outputs, attributes: { starts } }) =>
    inputs.flatMap((x, i) => {
      const y = outputs[0] as View;
      const offset = y.offset + (starts[i] as number);
      const batchStride = elementCount(x.type.shape.slice(1));
      const there = x.storage === y.storage && x.offset === offset && x.batchStride === batchStride;
      return there ? [] : [sumDispatch([x], { ...y, offset, batchStride, type: x.type })];
    }),
};
const line = (parts: readonly Tensor[], starts: readonly number[], length: number): Tensor =>
  applyOne(lineOperator, parts, { starts, length });

const twiceKernel: Kernel = { name: 'test/twice', source: twiceSource };
const twiceOperator: Operator = {
  name: 'twice',
  infer: ([x]) => [x as never, x as never],
  lower: ({ inputs, outputs }) => {
    const [x, a, b] = [inputs[0] as View, ...(outputs as [View, View])];
    const [n = 1, ...rest] = x.type.shape;
    const count = elementCount(rest);
    const places = Object.entries({ x, a, b }).flatMap(([name, { offset, batchStride }]) => [
      [`${name}Offset`, offset],
      [`${name}BatchStride`, batchStride],
    ]);
    const call = { kernel: twiceKernel, constants: {}, params: { count, ...Object.fromEntries(places) } };
    return [{ ...call, workgroups: [Math.ceil(count / 64), n, 1], flops: 0, bytes: 0, operands: { x, a, b } }];
  },
};

const addKernel: Kernel = { name: 'test/add-in-place', source: addSource };
/** Inputs: a slab, a line of gradients. `places` [from, to, count] in the line and in the slab. */
const addOperator: Operator<{ readonly places: readonly (readonly [number, number, number])[] }> = {
  name: 'addInPlace',
  infer: ([p]) => [p as never],
  updatesInPlace: [[0, 0]],
  lower: ({ inputs, attributes }) =>
    attributes.places.map(([gOffset, pOffset, count]): Dispatch => {
      const [p, g] = inputs as readonly [View, View];
      const params = { pOffset, gOffset: g.offset + gOffset, count };
      const rest = { workgroups: [1, 1, 1] as const, flops: 0, bytes: 0, operands: { p, g } };
      return { kernel: addKernel, constants: {}, params, ...rest };
    }),
};

const host = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: elementCount(shape) }, (_, i) => i + 1),
});

describe('joinFlat', () => {
  it('lets producers of any shape write straight into the line', async () => {
    const block = ({ x, z }: { readonly x: Tensor; readonly z: Tensor }): Tensor =>
      scale(line([scale(x, 2), scale(z, 3)], [0, 64], 128), 1);
    const shapes = { x: [4, 3, 2, 2], z: [5] };
    expect(schedule(trace(block, shapes), { fusion: false }).dispatches).toHaveLength(3);
    const { output } = await evaluate(context, block, { x: host(4, 3, 2, 2), z: host(5) }, { fusion: false });
    const expected = Array.from({ length: 48 }, (_, i) => 2 * (i + 1));
    expect([...(output?.data ?? [])].slice(0, 48)).toEqual(expected);
    expect([...(output?.data ?? [])].slice(64, 69)).toEqual([3, 6, 9, 12, 15]);
  });

  it('keeps the parts of a part where they belong', async () => {
    const block = ({ x }: { readonly x: Tensor }): Tensor =>
      scale(line([join([scale(x, 2), scale(x, 3)])], [8], 24), 1);
    expect(schedule(trace(block, { x: [2, 2, 2] })).dispatches).toHaveLength(3);
    const { output } = await evaluate(context, block, { x: host(2, 2, 2) });
    expect([...(output?.data ?? [])].slice(8)).toEqual([2, 4, 6, 8, 3, 6, 9, 12, 10, 12, 14, 16, 15, 18, 21, 24]);
  });

  it('copies what is asked for elsewhere, given from outside, or used twice', async () => {
    const block = ({ x }: { readonly x: Tensor }) => {
      const y = scale(x, 2);
      const z = scale(x, 5);
      return { y, line: scale(line([x, y, z], [0, 4, 8], 12), 1) };
    };
    expect(schedule(trace(block, { x: [3] }), { fusion: false }).dispatches).toHaveLength(5);
    const results = await evaluate(context, block, { x: host(3) }, { fusion: false });
    const data = results['line']?.data as Float32Array;
    expect([...data.slice(0, 3), ...data.slice(4, 7), ...data.slice(8, 11)]).toEqual([1, 2, 3, 2, 4, 6, 5, 10, 15]);
    expect([...(results['y']?.data ?? [])]).toEqual([2, 4, 6]);
  });

  it('does not give one dispatch two results in one line', async () => {
    const block = ({ x }: { readonly x: Tensor }): Tensor => {
      const [a, b] = apply(twiceOperator, [x], {}) as readonly [Tensor, Tensor];
      return scale(line([a, b], [0, 8], 16), 1);
    };
    // The kernel, a copy of its second result, the reader.
    expect(schedule(trace(block, { x: [2, 3] })).dispatches).toHaveLength(3);
    const { output } = await evaluate(context, block, { x: host(2, 3) });
    expect([...(output?.data ?? [])].slice(0, 6)).toEqual([2, 4, 6, 8, 10, 12]);
    expect([...(output?.data ?? [])].slice(8, 14)).toEqual([3, 6, 9, 12, 15, 18]);
  });
});

describe('slabs', () => {
  const named = (name: string, shape: readonly number[], role: 'parameter' | 'buffer' = 'parameter'): Parameter => {
    const parameter = new Parameter(shape, { role });
    parameter.name = name;
    return parameter;
  };

  it('hold every parameter once, roles apart, and are not listed among the parameters', () => {
    const all = [named('a', [2, 3]), named('s', [4], 'buffer'), named('b', [5])];
    using store = new ParameterStore(context, all);
    expect(store.slabs.map(({ members }) => [...members.keys()].map(({ name }) => name))).toEqual([['a', 'b'], ['s']]);
    for (const slab of store.slabs) {
      for (const [parameter, start] of slab.members) expect(store.slot(parameter).offset).toBe(4 * start);
      expect(store.slot(slab)).toMatchObject({ offset: 0, bytes: 4 * (slab.shape[0] as number) });
      expect(store.has(slab)).toBe(true);
    }
    expect(store.parameters).toHaveLength(3);
  });

  it('are updated by one operator for all their members, which hold the new values', async () => {
    const [a, b] = [named('a', [2, 3]), named('b', [5])];
    using store = new ParameterStore(context, [a, b]);
    store.load(
      new Map([a, b].map(({ name, shape }) => [name, { shape, data: new Float32Array(elementCount(shape)).fill(10) }])),
    );
    const slab = store.slabs[0] as ParameterSlab;
    const graph = trace(
      ({ x, z }) => {
        const y = scale(x, 1, x.graph.parameter(a));
        const gradients = line([scale(x, 1), scale(z, 1)], [0, 64], 128);
        const p = x.graph.parameter(slab);
        const places = [
          [0, slab.members.get(a) as number, 6],
          [64, slab.members.get(b) as number, 5],
        ] as const;
        x.graph.update(slab, applyOne(addOperator, [p, gradients], { places }));
        return y;
      },
      { x: [2, 3], z: [5] },
    );
    using plan = await preparePlan(context, graph, { parameters: store });
    // No copy of a new value; the slab is counted once although its member is read too.
    expect(plan.schedule.dispatches.filter(({ operator }) => operator === 'update')).toEqual([]);
    expect(plan.memory.parameters).toBe(store.bytes);
    for (const round of [0, 1]) {
      const { output } = await plan.run({ x: host(2, 3).data, z: host(5).data });
      expect([...(output ?? [])]).toEqual(Array.from({ length: 6 }, (_, i) => (1 + round) * (i + 1) + 10));
    }
    const values = await store.read();
    expect([...(values.get('a')?.data ?? [])]).toEqual([12, 14, 16, 18, 20, 22]);
    expect([...(values.get('b')?.data ?? [])]).toEqual([12, 14, 16, 18, 20]);
  });

  it('may not be updated before a member is read for the last time', () => {
    const a = named('a', [3]);
    using store = new ParameterStore(context, [a]);
    const slab = store.slabs[0] as ParameterSlab;
    const graph = trace(
      ({ x }) => {
        const places = [[0, 0, 3]] as const;
        x.graph.update(slab, applyOne(addOperator, [x.graph.parameter(slab), x], { places }));
        return scale(x, 1, x.graph.parameter(a));
      },
      { x: [3] },
    );
    expect(() => schedule(graph)).toThrow(/GRAPH_UPDATE.*read afterwards/s);
  });
});
