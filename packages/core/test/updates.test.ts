/**
 * What a trace reads of parameters that the same run changes: their values before it, wherever and whenever it reads
 * them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  apply,
  applyOne,
  type Context,
  type Graph,
  type Operator,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  type Tensor,
  trace,
  type View,
} from '../src/index.js';
import { scale } from './operators.js';
import { value } from './own-operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const named = (name: string, shape: readonly number[] = [4]): Parameter => {
  const parameter = new Parameter(shape);
  parameter.name = name;
  return parameter;
};

/** w = -w, where w lies. */
const negateInPlace: Operator = {
  name: 'negate in place',
  arity: 1,
  infer: ([w]) => [w as { shape: readonly number[]; dtype: 'f32' }],
  updatesInPlace: [[0, 0]],
  lower: ({ outputs: [w] }) => [
    {
      kernel: {
        name: 'my/negate',
        source: `
          @group(0) @binding(1) var<storage, read_write> w: array<f32>;
          @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
            if (id.x < arrayLength(&w)) { w[id.x] = -w[id.x]; }
          }`,
      },
      constants: {},
      params: {},
      workgroups: [1, 1, 1],
      flops: 0,
      bytes: 0,
      operands: { w: w as View },
    },
  ],
};

const reshape: Operator = {
  name: 'my reshape',
  arity: 1,
  infer: ([x]) => [{ shape: [1, ...(x?.shape ?? [])], dtype: 'f32' }],
  placement: () => ({ kind: 'reshape' }),
  lower: ({ inputs: [x], outputs: [y] }) => {
    const [from, to] = [x as View, y as View];
    if (from.storage === to.storage) return [];
    return valueCopy(from, to);
  },
};
const valueCopy = (x: View, y: View): ReturnType<Operator['lower']> => {
  const copy = trace(({ t }) => value(t, { formula: 'v' }), { t: [4] }).nodes[0]?.operator as Operator;
  return copy.lower({ inputs: [x], outputs: [y] } as never);
};

/** One run over a, b = 1..4, 10..40; outputs and both parameters afterwards. */
async function run(
  fn: (g: { graph: Graph; a: Parameter; b: Parameter; x: Tensor }) => Readonly<Record<string, Tensor>>,
  fusion = true,
): Promise<Record<string, number[]>> {
  const [a, b] = [named('a'), named('b')];
  const store = new ParameterStore(context, [a, b]);
  store.load({ a: { shape: [4], data: [1, 2, 3, 4] }, b: { shape: [4], data: [10, 20, 30, 40] } });
  const graph = trace(({ x }) => fn({ graph: x.graph, a, b, x }), { x: [4] });
  const plan = await preparePlan(context, graph, { parameters: store, fusion });
  const outputs = await plan.run({ x: Float32Array.of(5, 6, 7, 8) });
  const state = await store.read();
  plan.dispose();
  store.dispose();
  const all = [...Object.entries(outputs), ...[...state].map(([name, { data }]) => [name, data] as const)];
  return Object.fromEntries(all.map(([name, data]) => [name, [...(data as Float32Array)]]));
}

const A = [1, 2, 3, 4];
const B = [10, 20, 30, 40];
const X = [5, 6, 7, 8];
const minus = (values: readonly number[]): number[] => values.map((each) => -each);

describe.each([true, false])('a run that changes parameters (fusion: %s)', (fusion) => {
  it('gives the old value of one that is an output, whoever writes the new one', async () => {
    const copied = await run(({ graph, a, x }) => {
      graph.update(a, scale(x, 1));
      return { old: graph.parameter(a), again: graph.parameter(a), new: graph.updates.get(a) as Tensor };
    }, fusion);
    expect(copied).toEqual({ old: A, again: A, new: X, a: X, b: B });
    const inPlace = await run(({ graph, a, x }) => {
      const result = applyOne(negateInPlace, [graph.parameter(a)], {});
      graph.update(a, result);
      return { x: scale(x, 1), old: graph.parameter(a), new: result };
    }, fusion);
    expect(inPlace).toEqual({ x: X, old: A, new: minus(A), a: minus(A), b: B });
  });

  it('gives one the value of another', async () => {
    const copied = await run(({ graph, a, b, x }) => {
      graph.update(a, graph.parameter(b));
      return { x: scale(x, 1), a0: graph.parameter(a) };
    }, fusion);
    expect(copied).toEqual({ x: X, a0: A, a: B, b: B });
  });

  it('names an operator that would write one and read another in the same memory', async () => {
    const operator: Operator = {
      ...negateInPlace,
      arity: 2,
      lower: ({ inputs: [, other], outputs: [w] }) => {
        const source = `
          @group(0) @binding(1) var<storage, read_write> w: array<f32>;
          @group(0) @binding(2) var<storage, read> other: array<f32>;
          @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
            if (id.x < 4u) { w[id.x] += other[id.x]; }
          }`;
        const operands = { w: w as View, other: other as View };
        const kernel = { name: 'my/add', source };
        return [{ kernel, constants: {}, params: {}, workgroups: [1, 1, 1], flops: 0, bytes: 0, operands }];
      },
    };
    const added = (copies: boolean): Promise<Record<string, number[]>> =>
      run(({ graph, a, b, x }) => {
        const other = copies ? scale(graph.parameter(b), 1) : graph.parameter(b);
        graph.update(a, applyOne(operator, [graph.parameter(a), other], {}));
        return { x: scale(x, 1) };
      }, fusion);
    await expect(added(false)).rejects.toThrow(/BUFFER_ALIAS.*"a" and "b".*my\/add would read and write/);
    expect(await added(true)).toMatchObject({ a: [11, 22, 33, 44], b: B });
  });

  it('exchanges two', async () => {
    const swapped = await run(({ graph, a, b, x }) => {
      graph.update(a, graph.parameter(b));
      graph.update(b, graph.parameter(a));
      return { x: scale(x, 1) };
    }, fusion);
    expect(swapped).toEqual({ x: X, a: B, b: A });
  });

  it('gives one the old value of another that is changed in place', async () => {
    const kept = await run(({ graph, a, b, x }) => {
      graph.update(a, applyOne(negateInPlace, [graph.parameter(a)], {}));
      graph.update(b, graph.parameter(a));
      return { x: scale(x, 1) };
    }, fusion);
    expect(kept).toEqual({ x: X, a: minus(A), b: A });
  });

  it('leaves one that is updated with itself', async () => {
    const same = await run(({ graph, a, x }) => {
      graph.update(a, graph.parameter(a));
      return { x: scale(x, 1), a0: graph.parameter(a) };
    }, fusion);
    expect(same).toEqual({ x: X, a0: A, a: A, b: B });
  });

  it('reads a part of one that was changed in place as it was', async () => {
    const late = await run(({ graph, a, x }) => {
      const [shaped] = apply(reshape, [graph.parameter(a)], {});
      graph.update(a, applyOne(negateInPlace, [graph.parameter(a)], {}));
      return { y: value(shaped as Tensor, { formula: 'v + 100.0' }), x: scale(x, 1) };
    }, fusion);
    expect(late).toEqual({ y: A.map((each) => each + 100), x: X, a: minus(A), b: B });
  });
});

it('a counter of integers keeps its bits', async () => {
  const counter = new Parameter([3], { dtype: 'i32', role: 'buffer' });
  counter.name = 'counter';
  using store = new ParameterStore(context, [counter]);
  store.load({ counter: { shape: [3], data: [1, -7, 2143289345] } });
  const graph = trace(
    ({ n }) => {
      n.graph.update(counter, n);
      return { old: n.graph.parameter(counter) };
    },
    { n: { shape: [3], dtype: 'i32' } },
  );
  using plan = await preparePlan(context, graph, { parameters: store });
  const { old } = await plan.run({ n: Int32Array.of(5, -3, 2139095042) });
  expect([...(old ?? [])]).toEqual([1, -7, 2143289345]);
  expect([...((await store.read()).get('counter')?.data ?? [])]).toEqual([5, -3, 2139095042]);
});
