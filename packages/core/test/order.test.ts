import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BufferArena,
  type Context,
  evaluate,
  open,
  Parameter,
  ParameterStore,
  type Plan,
  planInBatches,
  preparePlan,
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

const named = (name: string, shape: readonly number[]): Parameter => {
  const parameter = new Parameter(shape);
  parameter.name = name;
  return parameter;
};
const valuesOf = (results: Readonly<Record<string, TensorData>>): number[] => [...(results['output'] ?? [])];

/** A plan of several submits: each of its dispatches is one. */
const steps = (count: number): ((inputs: { readonly x: Tensor }) => Tensor) => {
  return ({ x }) => Array.from({ length: count }).reduce<Tensor>((value) => scale(value, 2), x);
};
const slow = { fusion: false, maxSubmitSeconds: 1e-9 } as const;

/** What a host reads out of its own buffer, by a submit of now. */
async function readNow(buffer: GPUBuffer, size: number): Promise<number[]> {
  const { device } = context;
  const read = device.createBuffer({ size, usage: 0x01 | 0x08 });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(0x01);
  const values = [...new Float32Array(read.getMappedRange())];
  read.destroy();
  return values;
}

describe('a run', () => {
  it('is in the queue when it returns its promise: what a host submits in the same breath sees its values', async () => {
    const buffer = context.device.createBuffer({ size: 12, usage: 0x80 | 0x04 });
    const bind = { y: context.wrapBuffer(buffer, { shape: [1, 3] }) };
    const graph = trace(({ x }) => ({ y: scale(x, 5) }), { x: [1, 3] });
    using plan = await preparePlan(context, graph, { bind });
    const runs: Promise<unknown>[] = [];
    const seen: Promise<number[]>[] = [];
    for (const value of [1, 2, 3]) {
      runs.push(plan.run({ x: Float32Array.of(value, value, value) }));
      seen.push(readNow(buffer, 12));
    }
    expect(await Promise.all(seen)).toEqual([5, 10, 15].map((value) => [value, value, value]));
    await Promise.all(runs);
    buffer.destroy();
  });

  it('computes with what its arrays held when it was called, and gives each caller its own results', async () => {
    using plan = await preparePlan(context, trace(steps(1), { x: [1, 2] }));
    const x = new Float32Array(2);
    const runs = [1, 2, 3, 4, 5, 6].map((value) => plan.run({ x: x.fill(value) }));
    x.fill(99);
    expect((await Promise.all(runs)).map(valuesOf)).toEqual([2, 4, 6, 8, 10, 12].map((value) => [value, value]));
  });

  it('that is submitted part by part keeps the others of its plan waiting, whose inputs are copied', async () => {
    using plan = await preparePlan(context, trace(steps(4), { x: [1, 2] }), slow);
    expect(plan.submitCount).toBe(4);
    const x = new Float32Array(2);
    const done: number[] = [];
    const runs = [1, 2, 3, 4].map((value) =>
      plan.run({ x: x.fill(value) }, value % 2 === 0 ? {} : { onProgress: (progress) => done.push(progress.done) }),
    );
    x.fill(99);
    expect((await Promise.all(runs)).map(valuesOf)).toEqual([16, 32, 48, 64].map((value) => [value, value]));
    expect(done).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });

  it('that is submitted part by part keeps those waiting that share its arena', async () => {
    using arena = new BufferArena(context);
    using first = await preparePlan(context, trace(steps(4), { x: [1, 2] }), { ...slow, arena });
    using second = await preparePlan(context, trace(steps(3), { x: [1, 2] }), { ...slow, arena });
    const { signal } = new AbortController();
    const runs = [first, second, first].map((plan, i) => plan.run({ x: Float32Array.of(i + 1, 0) }, { signal }));
    expect((await Promise.all(runs)).map(valuesOf)).toEqual([
      [16, 0],
      [16, 0],
      [48, 0],
    ]);
  });

  it('waits for a copy to read where one more would be over the budget, and takes one more where not', async () => {
    const graph = trace(steps(1), { x: [1, 64] });
    for (const [memoryBudget, extra] of [
      [10_000, true],
      [(await preparePlan(context, graph)).memory.total, false],
    ] as const) {
      const plan = await preparePlan(context, graph, { memoryBudget });
      const before = context.memory.bytes;
      const runs = [1, 2, 3, 4, 5].map((value) => plan.run({ x: new Float32Array(64).fill(value) }));
      expect(context.memory.bytes > before).toBe(extra);
      expect((await Promise.all(runs)).map((run) => valuesOf(run)[63])).toEqual([2, 4, 6, 8, 10]);
      // Some are kept for the next time, no more.
      expect(context.memory.bytes - before).toBeLessThanOrEqual(2 * 256);
      plan.dispose();
    }
  });

  it('fails by its code when plan, arena, parameters or context are disposed while it is under way', async () => {
    const x = Float32Array.of(1, 2);
    const planOf = (options: object = {}): Promise<Plan> =>
      preparePlan(context, trace(steps(3), { x: [1, 2] }), { ...slow, ...options });
    const plan = await planOf();
    const runs = [plan.run({ x }), plan.run({ x }, { onProgress: () => {} }), plan.run({ x })];
    const outcomes = runs.map((run) => expect(run).rejects.toThrow(/PLAN_DISPOSED/));
    plan.dispose();
    await Promise.all(outcomes);
    const arena = new BufferArena(context);
    const inArena = await planOf({ arena });
    const late = inArena.run({ x }, { onProgress: () => arena.dispose() });
    await expect(late).rejects.toThrow(/ARENA_DISPOSED/);
    await expect(inArena.run({ x })).rejects.toThrow(/ARENA_DISPOSED/);
    inArena.dispose();
  });

  it('fails by its code when the device is lost, or the context disposed, while it is under way', async () => {
    for (const [end, code] of [
      [(own: Context) => own.device.destroy(), /CONTEXT_LOST/],
      [(own: Context) => own.dispose(), /CONTEXT_DISPOSED/],
    ] as const) {
      const own = await open({ onMessage: () => {} });
      const weight = named('w', [2]);
      const store = new ParameterStore(own, [weight]);
      store.initialize(1);
      const plan = await preparePlan(own, trace(steps(3), { x: [1, 2] }), slow);
      const x = Float32Array.of(1, 2);
      const runs = [plan.run({ x }), plan.run({ x }, { onProgress: () => {} }), plan.run({ x }), store.read()];
      const outcomes = runs.map((run) => expect(run).rejects.toThrow(code));
      end(own);
      await Promise.all(outcomes);
      own.dispose();
    }
  });

  it('refuses a name that is not an output before anything is computed', async () => {
    const weight = named('w', [2]);
    using store = new ParameterStore(context, [weight]);
    store.initialize(1);
    const graph = trace(
      ({ x }) => {
        x.graph.update(weight, scale(x, 1, x.graph.parameter(weight)));
        return scale(x, 1);
      },
      { x: [2] },
    );
    using plan = await preparePlan(context, graph, { parameters: store });
    await expect(plan.run({ x: Float32Array.of(1, 2) }, { read: ['output', 'nonsense'] })).rejects.toThrow(
      /PLAN_OUTPUT/,
    );
    expect([...((await store.read()).get('w')?.data ?? [])]).toEqual([0, 0]);
    const { output } = await plan.run({ x: Float32Array.of(1, 2) }, { read: ['output', 'output'] });
    expect([...(output ?? [])]).toEqual([1, 2]);
  });
});

describe('a plan is refused', () => {
  it.each<[string, (other: Context) => object, RegExp]>([
    ['a budget that is no number', () => ({ memoryBudget: Number.NaN }), /PLAN_OPTION.*memoryBudget is NaN/],
    ['a time that is no number', () => ({ maxSubmitSeconds: Number.NaN }), /PLAN_OPTION.*maxSubmitSeconds is NaN/],
    ['a negative time', () => ({ maxSubmitSeconds: -1 }), /PLAN_OPTION/],
    ['an arena of another device', (other) => ({ arena: new BufferArena(other) }), /ARENA_DEVICE/],
    ['a module in place of a store', () => ({ parameters: new Map() }), /PLAN_PARAMETERS.*got Map/],
    ['a list with a hole', () => ({ parameters: [null] }), /PLAN_PARAMETERS.*got null/],
    ['a list of nothing', () => ({ parameters: [undefined] }), /PLAN_PARAMETERS.*got undefined/],
  ])('%s', async (_, options, message) => {
    const other = await open({ onMessage: () => {} });
    await expect(preparePlan(context, trace(steps(1), { x: [1, 2] }), options(other))).rejects.toThrow(message);
    other.dispose();
  });
});

describe('every other way to run', () => {
  const fives = new Float32Array(4).fill(5);

  it('copies at the call: planInBatches, with one part and with several', async () => {
    for (const memoryBudget of [100_000, 1200]) {
      using plan = await planInBatches(context, steps(1), { x: [5, 40] }, { memoryBudget });
      expect(plan.itemsPerRun < 5).toBe(memoryBudget === 1200);
      const x = new Float32Array(200);
      const runs = [1, 2, 3].map((value) => plan.run({ x: x.fill(value) }));
      x.fill(99);
      for (const [i, run] of (await Promise.all(runs)).entries()) {
        expect(new Set(valuesOf(run))).toEqual(new Set([2 * (i + 1)]));
        expect(valuesOf(run)).toHaveLength(200);
      }
    }
  });

  it('copies at the call: evaluate', async () => {
    const x = { shape: [4], data: Float32Array.from(fives) };
    const later = evaluate(context, steps(2), { x });
    x.data.fill(99);
    expect([...((await later)['output']?.data ?? [])]).toEqual([20, 20, 20, 20]);
  });

  it('copies at the call: profile, which has its turn among the runs', async () => {
    if (!context.device.features.has('timestamp-query')) return;
    const buffer = context.device.createBuffer({ size: 8, usage: 0x80 | 0x04 });
    const bind = { output: context.wrapBuffer(buffer, { shape: [1, 2] }) };
    using plan = await preparePlan(context, trace(steps(3), { x: [1, 2] }), { ...slow, bind });
    const x = Float32Array.of(1, 2);
    const run = plan.run({ x }, { onProgress: () => {} });
    const profile = plan.profile({ x: x.fill(5) });
    x.fill(99);
    await Promise.all([run, profile]);
    expect(await readNow(buffer, 8)).toEqual([40, 40]);
    buffer.destroy();
  });
});

describe('runs on one parameter store', () => {
  /** w += x; and y = w * x, whose factor of w is a constant of the plan. */
  const setting = async (maxSubmitSeconds: number) => {
    const weight = named('w', [2]);
    const store = new ParameterStore(context, [weight]);
    store.load({ w: { shape: [2], data: [1, 1] } });
    const update = trace(
      ({ x }) => {
        const sum = scale(scale(scale(x, 2), 0.5), 1, x.graph.parameter(weight));
        x.graph.update(weight, sum);
        return {};
      },
      { x: [2] },
    );
    const infer = trace(({ x }) => scale(scale(x, 1), 1, scale(x.graph.parameter(weight), 10)), { x: [2] });
    const options = { parameters: store, maxSubmitSeconds, fusion: false };
    const step = await preparePlan(context, update, options);
    const plan = await preparePlan(context, infer, options);
    const dispose = (): void => {
      for (const each of [step, plan, store]) each.dispose();
    };
    return { store, step, plan, dispose };
  };
  const zeros = { x: new Float32Array(2) };

  it.each([
    ['submitted whole', 0.5, undefined],
    ['part by part', 1e-9, () => {}],
  ])('compute in the order of the calls, none awaited: %s', async (_, seconds, onProgress) => {
    const { store, step, plan, dispose } = await setting(seconds);
    const options = onProgress ? { onProgress } : {};
    const results: Promise<Record<string, TensorData>>[] = [plan.run(zeros, options)];
    const reads = [store.read()];
    for (const add of [1, 2, 3]) {
      void step.run({ x: Float32Array.of(add, add) }, options);
      results.push(plan.run(zeros, options));
      reads.push(store.read());
    }
    expect((await Promise.all(results)).map(valuesOf)).toEqual([10, 20, 40, 70].map((value) => [value, value]));
    expect((await Promise.all(reads)).map((state) => state.get('w')?.data[0])).toEqual([1, 2, 4, 7]);
    dispose();
  });

  it('keep a load out while one is half submitted', async () => {
    const { store, step, plan, dispose } = await setting(1e-9);
    const state = { w: { shape: [2], data: [5, 5] } };
    const run = step.run({ x: Float32Array.of(1, 1) }, { onProgress: () => {} });
    expect(() => store.load(state)).toThrow(/PARAMETER_BUSY[\s\S]*Fix:/);
    expect(() => store.initialize(1)).toThrow(/PARAMETER_BUSY/);
    await run;
    store.load(state);
    expect(valuesOf(await plan.run(zeros))).toEqual([50, 50]);
    dispose();
  });

  it('change parameters wholly or not at all, whatever stops a run', async () => {
    const { store, step, dispose } = await setting(1e-9);
    const x = Float32Array.of(1, 1);
    const controller = new AbortController();
    await step.run({ x }, { signal: controller.signal, onProgress: () => controller.abort() });
    expect((await store.read()).get('w')?.data[0]).toBe(2);
    await expect(step.run({ x }, { signal: controller.signal })).rejects.toThrow(/RUN_ABORTED/);
    expect((await store.read()).get('w')?.data[0]).toBe(2);
    const fail = (): never => {
      throw new Error('of the host');
    };
    await expect(step.run({ x }, { onProgress: fail })).rejects.toThrow('of the host');
    expect((await store.read()).get('w')?.data[0]).toBe(3);
    dispose();
  });

  it('see what a profiled step wrote', async () => {
    if (!context.device.features.has('timestamp-query')) return;
    const { step, plan, dispose } = await setting(0.5);
    await plan.run(zeros);
    void step.profile({ x: Float32Array.of(1, 1) });
    expect(valuesOf(await plan.run(zeros))).toEqual([20, 20]);
    dispose();
  });
});
