import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  gradients,
  type LoadableState,
  Module,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  Sequential,
  type Tensor,
  type TensorData,
  trace,
} from '../src/index.js';
import { scale } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

/** y = x + weight. */
class Shift extends Module {
  readonly weight: Parameter;
  constructor(weight: Parameter = new Parameter([2])) {
    super();
    this.weight = weight;
  }
  override forward(x: Tensor): Tensor {
    return scale(x, 1, x.graph.parameter(this.weight));
  }
}

class Tied extends Module {
  readonly first = new Shift();
  readonly second = new Shift(this.first.weight);
  readonly again = this.first;
  readonly own = new Shift();
  override forward(x: Tensor): Tensor {
    return [this.first, this.second, this.again, this.own].reduce((value, part) => part.call(value), x);
  }
}

const valuesOf = (results: Readonly<Record<string, TensorData>>): number[] => [...(results['output'] ?? [])];
const tensor = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
const x = new Float32Array(2);

describe('a parameter at several places (tied weights)', () => {
  const names = ['first.weight', 'second.weight', 'again.weight', 'own.weight'];

  it('is one parameter with all its names, which the state dict lists', () => {
    const net = new Tied();
    expect(net.parameters().map(({ name, aliases }) => [name, aliases])).toEqual([
      ['first.weight', ['second.weight', 'again.weight']],
      ['own.weight', []],
    ]);
    expect(net.stateDictSpec().map(({ name }) => name)).toEqual(names);
    expect(net.modules().map(({ path }) => path)).toEqual(['', 'first', 'second', 'own']);
    // A walk through a part leaves the names as they are.
    net.second.eval();
    expect(net.first.weight.name).toBe('first.weight');
  });

  it.each([
    ['the first name', { 'first.weight': tensor(1, 2) }],
    ['another name', { 'again.weight': tensor(1, 2) }],
    ['all names, equal', Object.fromEntries(names.slice(0, 3).map((name) => [name, tensor(1, 2)]))],
  ])('is loaded by %s, computes, and is read under all of them', async (_, state) => {
    const net = new Tied();
    using store = new ParameterStore(context, net);
    store.load({ ...state, 'own.weight': tensor(100, 200) });
    using plan = await preparePlan(
      context,
      trace((inputs) => net.call(inputs.x), { x: [2] }),
      { parameters: store },
    );
    expect(valuesOf(await plan.run({ x }))).toEqual([103, 206]);
    const read = await store.read();
    expect([...read.keys()]).toEqual(names);
    expect(names.map((name) => [...(read.get(name)?.data ?? [])])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [100, 200],
    ]);
    using other = new ParameterStore(context, new Tied());
    other.load(read);
    expect(await other.read()).toEqual(read);
    expect(store.parameters).toHaveLength(2);
  });

  it('is refused where its names contradict each other, and nothing is loaded', async () => {
    using store = new ParameterStore(context, new Tied());
    const state = { 'first.weight': tensor(1, 2), 'second.weight': tensor(1, 3), 'own.weight': tensor(0, 0) };
    expect(() => store.load(state)).toThrow(/PARAMETER_VALUES.*first\.weight and second\.weight are one parameter/);
    expect(() => store.load({ 'own.weight': tensor(0, 0) })).toThrow(
      /first\.weight or second\.weight or again\.weight: missing/,
    );
    await expect(store.read()).rejects.toThrow(/PARAMETER_UNINITIALIZED/);
  });

  it('has the sum of the gradients of its places', async () => {
    const net = new Tied();
    using store = new ParameterStore(context, net);
    store.initialize(3);
    const graph = trace(
      ({ x }) =>
        gradients([{ output: net.call(x), gradient: x }], [net.first.weight, net.own.weight]).map(
          (gradient) => gradient as Tensor,
        ),
      { x: [2] },
    );
    using plan = await preparePlan(context, graph, { parameters: store });
    const results = await plan.run({ x: Float32Array.of(1, 1) });
    expect([results['0'], results['1']].map((values) => [...(values ?? [])])).toEqual([
      [3, 3],
      [1, 1],
    ]);
  });
});

describe('modules and parameters', () => {
  it('are found in arrays, sets, maps and plain objects, by names that PyTorch would give', () => {
    class Net extends Module {
      readonly list = [new Shift(), [new Shift()]];
      readonly heads = { left: new Shift(), right: { deep: new Parameter([1]) } };
      readonly bare: Record<string, Module> = Object.assign(Object.create(null), { a: new Shift() });
      readonly byName = new Map<string | number, unknown>([
        ['m', new Shift()],
        [7, new Shift()],
      ]);
      readonly set = new Set([new Shift()]);
      readonly row = new (class extends Sequential {
        readonly extra = new Parameter([1]);
      })(new Shift());
      readonly up: { parent?: unknown } = {};
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const net = new Net();
    net.up.parent = net; // no further way, and no endless one
    expect(net.parameters().map(({ name }) => name)).toEqual([
      'list.0.weight',
      'list.1.0.weight',
      'heads.left.weight',
      'heads.right.deep',
      'bare.a.weight',
      'byName.m.weight',
      'byName.7.weight',
      'set.0.weight',
      'row.0.weight',
      'row.extra',
    ]);
  });

  it('that a walk cannot reach are named with user, place and cause when they are planned', async () => {
    class Inner extends Module {
      readonly #hidden = new Shift();
      readonly #scale = new Parameter([2]);
      override forward(x: Tensor): Tensor {
        return scale(this.#hidden.call(x), 1, x.graph.parameter(this.#scale));
      }
    }
    class Net extends Module {
      readonly block = new Inner();
      readonly last = new Shift();
      override forward(x: Tensor): Tensor {
        return this.last.call(this.block.call(x));
      }
    }
    const net = new Net();
    using store = new ParameterStore(context, net);
    const graph = trace(({ x }) => net.call(x), { x: [2] });
    const message = await preparePlan(context, graph, { parameters: store }).catch((error: Error) => error.message);
    expect(message).toMatch(/PARAMETER_UNKNOWN\] 2 parameters/);
    expect(message).toMatch(
      /"block\.<Shift>\.weight" \[2\], used by Shift at "block\.<Shift>": .*Inner does not reach this Shift \(a #private/,
    );
    expect(message).toMatch(/without a name \[2\], used by Inner at "block": .*properties of Inner does not reach it/);
    expect(message).toMatch(/Fix: .*ordinary properties/);
  });

  it('of another module than that of the store are named with it', async () => {
    const [mine, forgotten] = [new Shift(), new Shift()];
    using store = new ParameterStore(context, mine);
    const graph = trace(({ x }) => mine.call(forgotten.call(x)), { x: [2] });
    const failed = preparePlan(context, graph, { parameters: store });
    await expect(failed).rejects.toThrow(
      /PARAMETER_UNKNOWN\] 1 parameters.*\n.*"weight" \[2\], used by Shift: no store was made of this Shift/,
    );
  });

  it('that are made in forward are found when they stay', async () => {
    class Lazy extends Module {
      part: Shift | undefined;
      override forward(x: Tensor): Tensor {
        this.part ??= new Shift();
        return this.part.call(x);
      }
    }
    const net = new Lazy();
    const graph = trace(({ x }) => net.call(x), { x: [2] });
    using store = new ParameterStore(context, net);
    store.load({ 'part.weight': tensor(1, 2) });
    using plan = await preparePlan(context, graph, { parameters: store });
    expect(valuesOf(await plan.run({ x }))).toEqual([1, 2]);
  });

  it('may not share a name in one store', () => {
    const two = [new Shift(), new Shift()].flatMap((module) => module.parameters());
    expect(() => new ParameterStore(context, two)).toThrow(/PARAMETER_NAMES.*"weight"/);
    expect(() => new ParameterStore(context, [new Parameter([1]), new Parameter([1])])).toThrow(
      /PARAMETER_NAMES.*no name/,
    );
    const [one] = new Shift().parameters();
    using store = new ParameterStore(context, [one, one] as Parameter[]);
    expect(store.parameters).toHaveLength(1);
    for (const wrong of [null, undefined, 7, {}, [1]]) {
      expect(() => new ParameterStore(context, wrong as never)).toThrow(/PARAMETER_SOURCE/);
    }
  });
});

describe('two stores of one net', () => {
  it('are two sets of values: each plan has its own, and names stay those of the time', async () => {
    const net = new Shift();
    const first = new ParameterStore(context, net);
    using second = new ParameterStore(context, net);
    first.load({ weight: tensor(1, 1) });
    // The net becomes part of another one: its parameters get other names, the stores keep theirs.
    new Sequential(net).parameters();
    second.load({ weight: tensor(2, 2) });
    const graph = trace((inputs) => net.call(inputs.x), { x: [2] });
    const one = await preparePlan(context, graph, { parameters: first });
    using two = await preparePlan(context, graph, { parameters: [second, second] });
    expect([await one.run({ x }), await two.run({ x })].map(valuesOf)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    one.dispose();
    first.dispose();
    expect(valuesOf(await two.run({ x }))).toEqual([2, 2]);
    expect([...(await second.read()).keys()]).toEqual(['weight']);
  });

  it('are not given to one plan', async () => {
    const net = new Shift();
    using first = new ParameterStore(context, net);
    using second = new ParameterStore(context, net);
    const graph = trace((inputs) => net.call(inputs.x), { x: [2] });
    const parameters = [first, second];
    await expect(preparePlan(context, graph, { parameters })).rejects.toThrow(/PARAMETER_AMBIGUOUS.*"weight" is in 2/);
  });

  it('of another device, or disposed, are refused when a plan is prepared', async () => {
    const net = new Shift();
    const graph = trace((inputs) => net.call(inputs.x), { x: [2] });
    const other = await open({ onMessage: () => {} });
    const abroad = new ParameterStore(other, net);
    await expect(preparePlan(context, graph, { parameters: abroad })).rejects.toThrow(
      /PLAN_PARAMETERS.*another device/,
    );
    await expect(preparePlan(context, graph)).rejects.toThrow(/PLAN_PARAMETERS.*no values/);
    other.dispose();
    const gone = new ParameterStore(context, net);
    gone.dispose();
    await expect(preparePlan(context, graph, { parameters: gone })).rejects.toThrow(/PARAMETER_DISPOSED/);
  });
});

describe('a store without values', () => {
  class Net extends Module {
    readonly a = new Shift();
    readonly b = new Shift();
    readonly mean = new Parameter([2], { role: 'buffer' });
    readonly variance = new Parameter([2], { role: 'buffer', init: { kind: 'constant', value: 1 } });
    override forward(x: Tensor): Tensor {
      const { graph } = x;
      return scale(
        scale(this.b.call(this.a.call(x)), 1, graph.parameter(this.mean)),
        1,
        graph.parameter(this.variance),
      );
    }
  }

  it('is refused by the runs that read it, with the names; buffers have their first values', async () => {
    const net = new Net();
    using store = new ParameterStore(context, net);
    using plan = await preparePlan(
      context,
      trace((inputs) => net.call(inputs.x), { x: [2] }),
      { parameters: store },
    );
    await expect(plan.run({ x })).rejects.toThrow(
      /PARAMETER_UNINITIALIZED\] 2 of 4 .*a\.weight, b\.weight[\s\S]*Fix: .*initialize/,
    );
    await expect(plan.profile({ x })).rejects.toThrow(/PARAMETER_UNINITIALIZED/);
    await expect(store.read()).rejects.toThrow(/PARAMETER_UNINITIALIZED/);
    const statistics = trace(
      ({ x }) => scale(x, 1, scale(x.graph.parameter(net.mean), 1, x.graph.parameter(net.variance))),
      { x: [2] },
    );
    using reader = await preparePlan(context, statistics, { parameters: store });
    expect(valuesOf(await reader.run({ x }))).toEqual([1, 1]);
    store.initialize(1);
    expect(valuesOf(await plan.run({ x }))).toEqual([1, 1]);
  });

  it('gets them from a plan too, one parameter by one', async () => {
    const net = new Net();
    using store = new ParameterStore(context, net);
    const write = trace(
      ({ x }) => {
        x.graph.update(net.a.weight, scale(x, 1));
        return {};
      },
      { x: [2] },
    );
    using writer = await preparePlan(context, write, { parameters: store });
    using plan = await preparePlan(
      context,
      trace((inputs) => net.call(inputs.x), { x: [2] }),
      { parameters: store },
    );
    await writer.run({ x: Float32Array.of(5, 6) });
    await expect(plan.run({ x })).rejects.toThrow(/PARAMETER_UNINITIALIZED\] 1 of 4 .*: b\.weight/);
    using first = await preparePlan(
      context,
      trace((inputs) => net.a.call(inputs.x), { x: [2] }),
      { parameters: store },
    );
    expect(valuesOf(await first.run({ x }))).toEqual([5, 6]);
  });

  it('that is made of zeros has them', async () => {
    const net = new Net();
    using store = new ParameterStore(context, net, { values: 'zeros' });
    expect([...(await store.read()).values()].flatMap(({ data }) => [...data])).toEqual(new Array(8).fill(0));
  });
});

describe('load', () => {
  const data = Float32Array.of(1, 2);
  const shared = (): Float32Array => {
    // A page has shared memory only so, unless it is isolated.
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const array = new Float32Array(buffer, 8, 2);
    array.set(data);
    return array;
  };
  const resizable = (): Float32Array => {
    const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
    const array = new Float32Array(new Resizable(8, { maxByteLength: 64 }));
    array.set(data);
    return array;
  };
  const detached = (): Float32Array => {
    const array = Float32Array.from(data);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  };
  const shape = [2];

  it.each<[string, () => LoadableState]>([
    ['a map', () => new Map([['weight', { shape, data }]])],
    ['a plain object', () => ({ weight: { shape, data } })],
    ['an object without prototype', () => Object.assign(Object.create(null), { weight: { shape, data } })],
    ['a list of numbers', () => ({ weight: { shape, data: [1, 2] } })],
    ['float64', () => ({ weight: { shape, data: Float64Array.of(1, 2) } })],
    ['int64', () => ({ weight: { shape, data: BigInt64Array.of(1n, 2n) } })],
    ['shared memory', () => ({ weight: { shape, data: shared() } })],
    ['resizable memory', () => ({ weight: { shape, data: resizable() } })],
  ])('takes %s, and copies it', async (_, make) => {
    using store = new ParameterStore(context, new Shift());
    const state = make();
    store.load(state);
    const given = (state instanceof Map ? state.get('weight') : (state as Record<string, unknown>)['weight']) as {
      data: number[];
    };
    if (typeof given.data[0] === 'number' && given.data !== (data as unknown)) given.data[0] = 99;
    expect([...((await store.read()).get('weight')?.data ?? [])]).toEqual([1, 2]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['nothing', () => undefined, /PARAMETER_STATE.*got Undefined/],
    ['null', () => null, /PARAMETER_STATE.*got Null/],
    ['a list', () => [['weight', { shape, data }]], /PARAMETER_STATE.*got Array/],
    ['a typed array', () => data, /PARAMETER_STATE.*got Float32Array/],
    ['a text', () => 'weight', /PARAMETER_STATE.*got String/],
    ['a promise', () => Promise.resolve(new Map()), /PARAMETER_STATE.*got Promise/],
    ['a checkpoint', () => ({ tensors: new Map() }), /PARAMETER_STATE[\s\S]*Fix: Pass its "tensors"/],
    ['a match', () => ({ matched: new Map() }), /PARAMETER_STATE[\s\S]*Fix: Pass its "matched"/],
    ['values without a shape', () => ({ weight: data }), /PARAMETER_VALUES.*weight: is no \{ shape, data \}/],
    ['no values', () => ({ weight: { shape } }), /PARAMETER_VALUES.*weight: is no/],
    ['a null', () => ({ weight: null }), /PARAMETER_VALUES.*weight: is no/],
    ['a text as values', () => ({ weight: { shape, data: '12' } }), /PARAMETER_VALUES.*weight: is no/],
    [
      'texts as values',
      () => ({ weight: { shape, data: ['1', '2'] } }),
      /PARAMETER_VALUES.*value 0 is no number, but String/,
    ],
    ['holes', () => ({ weight: { shape, data: [1, undefined] } }), /PARAMETER_VALUES.*value 1 is no number/],
    ['too few', () => ({ weight: { shape, data: [1] } }), /PARAMETER_VALUES.*needs 2 values, got 1/],
    ['another shape', () => ({ weight: { shape: [1, 2], data } }), /PARAMETER_VALUES.*\[1, 2\] given, \[2\] needed/],
    ['another name', () => ({ toString: { shape, data } }), /PARAMETER_VALUES.*weight: missing/],
    ['memory that was given away', () => ({ weight: { shape, data: detached() } }), /PARAMETER_VALUES.*was given away/],
  ])('refuses %s by a code', (_, make, message) => {
    using store = new ParameterStore(context, new Shift());
    expect(() => store.load(make() as LoadableState)).toThrow(message);
  });

  it('keeps integers what they are', async () => {
    const count = new Parameter([2], { dtype: 'i32' });
    count.name = 'count';
    using store = new ParameterStore(context, [count]);
    store.load({ count: { shape, data: [-1, 2 ** 31 - 1] } });
    expect((await store.read()).get('count')?.data).toEqual(Int32Array.of(-1, 2 ** 31 - 1));
    expect(() => store.load({ count: { shape, data: [0.5, 1] } })).toThrow(
      /PARAMETER_VALUES.*value 0 is 0\.5, which is not an i32/,
    );
    expect(() => store.load({ count: { shape, data: [1n, 2n ** 40n] } })).toThrow(
      /value 1 is 1099511627776, which is not an i32/,
    );
  });
});
