import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  evaluate,
  Module,
  open,
  Parameter,
  ParameterStore,
  Profile,
  preparePlan,
  schedule,
  trace,
} from '../src/index.js';
import { join, scale, split } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const ramp = (shape: readonly number[], start = 0): { shape: readonly number[]; data: Float32Array } => {
  const count = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => start + i) };
};

describe('a plan', () => {
  it('computes what was traced', async () => {
    const { y } = await evaluate(context, ({ x }) => ({ y: scale(x, 3) }), { x: ramp([2, 3, 4]) });
    expect(y).toEqual({ shape: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => 3 * i) });
  });

  it('fuses a chain whose middle nobody asks for', () => {
    const chain = trace(({ x }) => scale(scale(scale(x, 2), 3), 5), { x: [1, 2, 3] });
    expect(schedule(chain).dispatches).toHaveLength(1);
    expect(schedule(chain, { fusion: false }).dispatches).toHaveLength(3);
  });

  it('keeps a middle that is asked for, and results are right', async () => {
    const inputs = { x: ramp([1, 2, 3], 1) };
    const { a, b } = await evaluate(
      context,
      ({ x }) => {
        const a = scale(x, 2);
        return { a, b: scale(a, 3) };
      },
      inputs,
    );
    expect([...(a?.data ?? [])]).toEqual([2, 4, 6, 8, 10, 12]);
    expect([...(b?.data ?? [])]).toEqual([6, 12, 18, 24, 30, 36]);
  });

  it('returns an input as it is, whatever is computed after its last use', async () => {
    const inputs = { x: ramp([1, 2, 3], 1), g: ramp([1, 2, 3], 100) };
    const { y, g } = await evaluate(
      context,
      ({ x, g }) => {
        const sum = scale(x, 1, g);
        return { y: [2, 3, 4, 5].reduce((value, factor) => scale(value, factor), sum), g };
      },
      inputs,
      { fusion: false },
    );
    expect([...(g?.data ?? [])]).toEqual([...inputs.g.data]);
    expect([...(y?.data ?? [])]).toEqual([...inputs.g.data].map((value, i) => 120 * (value + i + 1)));
  });

  it('splits and joins without a copy, in one storage that is read and written at once', async () => {
    // The shape of a Res2Net block: every range adds the range before it.
    const block = ({ x }: { readonly x: Parameters<typeof split>[0] }) => {
      const [a, b, c] = split(scale(x, 2), [2, 1, 3]).map((part) => part) as [never, never, never];
      const first = scale(a, 10);
      const second = scale(b, 10);
      const third = scale(c, 10);
      return join([first, second, third]);
    };
    const graph = trace(block, { x: [2, 6, 3] });
    expect(schedule(graph).dispatches).toHaveLength(4);
    const { output } = await evaluate(context, block, { x: ramp([2, 6, 3]) });
    expect([...(output?.data ?? [])]).toEqual(Array.from({ length: 36 }, (_, i) => 20 * i));
  });

  it('reads the part before from the storage it writes the next part to', async () => {
    const block = ({ x }: { readonly x: Parameters<typeof split>[0] }) => {
      const [a, b, c] = split(scale(x, 1), [1, 1, 1]) as unknown as [never, never, never];
      const first = scale(a, 1);
      const second = scale(b, 1, first);
      return join([first, second, scale(c, 1, second)]);
    };
    const graph = trace(block, { x: [2, 3, 2] });
    expect(schedule(graph).dispatches).toHaveLength(4);
    const { output } = await evaluate(context, block, { x: ramp([2, 3, 2]) });
    expect([...(output?.data ?? [])]).toEqual([0, 1, 2, 4, 6, 9, 6, 7, 14, 16, 24, 27]);
  });

  it('runs fifty times without allocating, and disposing frees everything', async () => {
    const before = context.memory;
    const plan = await preparePlan(
      context,
      trace(({ x }) => join([scale(x, 2), scale(x, 3)]), { x: [1, 2, 64] }),
    );
    await plan.run({ x: ramp([1, 2, 64]).data });
    const held = context.memory;
    expect(held.bytes - before.bytes).toBe(plan.memory.total);
    for (let i = 0; i < 50; i++) await plan.run({ x: ramp([1, 2, 64], i).data });
    expect(context.memory).toEqual(held);
    plan.dispose();
    expect(context.memory.bytes).toBe(before.bytes);
  });

  it('computes what follows from parameters once, and again when they change', async () => {
    class Net extends Module {
      readonly weight = new Parameter([1, 2, 2]);
      override forward(x: Parameters<typeof split>[0]) {
        return scale(x, 1, scale(this.weight, 10, undefined as never));
      }
    }
    const net = new Net();
    const parameters = new ParameterStore(context, net);
    const graph = trace(
      ({ x }) => {
        x.graph.parameter(net.weight);
        return scale(x, 1, scale(x.graph.parameter(net.weight), 10));
      },
      { x: [1, 2, 2] },
    );
    const plan = await preparePlan(context, graph, { parameters });
    expect(plan.schedule.constantDispatches).toHaveLength(1);
    expect(plan.schedule.dispatches).toHaveLength(1);
    net.parameters();
    parameters.load(new Map([['weight', { shape: [1, 2, 2], data: Float32Array.of(1, 2, 3, 4) }]]));
    const zeros = { x: new Float32Array(4) };
    expect([...((await plan.run(zeros))['output'] ?? [])]).toEqual([10, 20, 30, 40]);
    parameters.load(new Map([['weight', { shape: [1, 2, 2], data: Float32Array.of(5, 6, 7, 8) }]]));
    expect([...((await plan.run(zeros))['output'] ?? [])]).toEqual([50, 60, 70, 80]);
    expect([...((await parameters.read()).get('weight')?.data ?? [])]).toEqual([5, 6, 7, 8]);
  });

  it('refuses to run once the parameters it uses were disposed', async () => {
    const weight = new Parameter([1, 2, 2]);
    const parameters = new ParameterStore(context, [weight]);
    parameters.initialize(1);
    const graph = trace(({ x }) => scale(x, 1, x.graph.parameter(weight)), { x: [1, 2, 2] });
    const plan = await preparePlan(context, graph, { parameters });
    parameters.dispose();
    await expect(plan.run({ x: new Float32Array(4) })).rejects.toThrow(/PARAMETER_DISPOSED[\s\S]*Fix:/);
    plan.dispose();
  });

  it('profiles every dispatch under its module', async () => {
    const plan = await preparePlan(
      context,
      trace(({ x }) => join([scale(x, 2), scale(x, 3)]), { x: [1, 2, 2 ** 18] }),
    );
    // Large enough to take longer than the tenth of a millisecond to which browsers round timestamps.
    const profile = await plan.profile({ x: ramp([1, 2, 2 ** 18]).data });
    expect(profile.entries.map(({ kernel }) => kernel)).toEqual(['test/scale-add', 'test/scale-add']);
    expect(profile.seconds).toBeGreaterThan(0);
    expect(profile.table('kernel')).toContain('test/scale-add');
    expect(profile.chromeTrace().traceEvents).toHaveLength(2);
  });

  it('has a profile with figures where the clock was too coarse', () => {
    const entry = { scope: 'a', operator: 'o', kernel: 'k', start: 0, seconds: 0, flops: 9, bytes: 9 };
    const profile = new Profile([entry]);
    expect(profile.table()).not.toMatch(/NaN|Infinity/);
    expect(JSON.stringify(profile.chromeTrace())).not.toContain('null');
  });

  it('is refused for a function that returns nothing, or later', () => {
    const nothing = (() => {}) as unknown as () => never;
    const later = (async () => {}) as unknown as () => never;
    expect(() => trace(nothing, { x: [1] })).toThrow(/GRAPH_OUTPUT.*nothing/);
    expect(() => trace(later, { x: [1] })).toThrow(/GRAPH_OUTPUT.*a promise/);
  });
});

describe('a parameter store', () => {
  it('refuses values of another shape, also with as many elements', () => {
    const weight = new Parameter([2, 3]);
    weight.name = 'weight';
    const store = new ParameterStore(context, [weight]);
    const turned = new Map([['weight', { shape: [3, 2], data: new Float32Array(6) }]]);
    expect(() => store.load(turned)).toThrow(/PARAMETER_VALUES.*\[3, 2\] given, \[2, 3\] needed/);
    store.dispose();
  });
});
