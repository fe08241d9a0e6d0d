import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyOne,
  type BatchSize,
  type Context,
  elementCount,
  Module,
  type Operator,
  open,
  Parameter,
  ParameterStore,
  Predictor,
  type PredictorOptions,
  type PredictorProgress,
  type Tensor,
  type View,
} from '../src/index.js';
import type { Kernel } from '../src/kernels.js';
import { scale } from './operators.js';

const kernel: Kernel = {
  name: 'test/shift',
  source: `
    struct Params { count: u32, wOffset: u32 }
    @group(0) @binding(0) var<uniform> params: Params;
    @group(0) @binding(1) var<storage, read> x: array<f32>;
    @group(0) @binding(2) var<storage, read> w: array<f32>;
    @group(0) @binding(3) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < params.count) { y[id.x] = x[id.x] + w[params.wOffset]; }
    }`,
};
const shiftOperator: Operator = {
  name: 'shift',
  infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
  lower: ({ inputs, outputs }) => {
    const [x, w] = inputs as readonly [View, View];
    const [y] = outputs as readonly [View];
    const count = elementCount(y.type.shape);
    const workgroups = [Math.ceil(count / 64), 1, 1] as const;
    const params = { count, wOffset: w.offset };
    return [{ kernel, constants: {}, params, workgroups, flops: 0, bytes: 0, operands: { x, w, y } }];
  },
};

/** x + weight. */
class Shift extends Module {
  readonly weight = new Parameter([1]);
  override forward(x: Tensor): Tensor {
    return applyOne(shiftOperator, [x, this.weight], {});
  }
}

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const net = new Shift();
function storeOf(on: Context, weight: number): ParameterStore {
  const store = new ParameterStore(on, net);
  store.load(new Map([['weight', { shape: [1], data: Float32Array.of(weight) }]]));
  return store;
}

/** How often the net was traced, and by which batch. */
let traced: number[] = [];
function predictorOf(
  parameters: PredictorOptions['parameters'] | undefined,
  options: Omit<PredictorOptions, 'forward' | 'parameters'> = {},
): Predictor<'a' | 'b', 'sum' | 'twice'> {
  traced = [];
  return new Predictor({
    forward: ({ a, b }: Readonly<Record<'a' | 'b', Tensor>>) => {
      traced.push(a.shape[0] as number);
      return { sum: scale(a, 1, net.call(b)), twice: scale(a, 2) };
    },
    ...(parameters === undefined ? {} : { parameters }),
    ...options,
  });
}

type Item = Readonly<Record<'a' | 'b', Float32Array>>;
const sized = (length: number, batch: number): BatchSize<'a' | 'b'> => ({
  item: { a: [length], b: { shape: [length] } },
  batch,
});
const items = (count: number, length: number): Item[] =>
  Array.from({ length: count }, (_, i) => ({
    a: new Float32Array(length).fill(i + 1),
    b: Float32Array.from({ length }, (_, k) => k),
  }));
const expected = (given: readonly Item[], weight: number) =>
  given.map(({ a, b }) => ({ sum: a.map((v, k) => v + (b[k] as number) + weight), twice: a.map((v) => 2 * v) }));
const eachInput = (inputs: Item) => ({ inputs });

describe('a predictor', () => {
  it('batches items of several inputs, cuts the outputs, and fills up a smaller last batch', async () => {
    using store = storeOf(context, 10);
    using predictor = predictorOf(store);
    const given = items(7, 5);
    const outputs = await predictor.run(sized(5, 3), given);
    expect(outputs).toEqual(expected(given, 10));
    expect(traced).toEqual([3]);
    expect(new Set(outputs.map(({ sum }) => sum.buffer)).size, 'memory of its own').toBe(7);
    await expect(predictor.run(sized(5, 3), [])).resolves.toEqual([]);
  });

  it('gives the same where a batch does not fit the budget', async () => {
    using store = storeOf(context, 1);
    using predictor = predictorOf(store, { memoryBudget: 9000 });
    const given = items(5, 100);
    const plan = await predictor.prepare(sized(100, 5));
    expect(plan.schedule.inputs.get('a')?.type.shape[0]).toBeLessThan(5);
    expect(await predictor.run(sized(100, 5), given)).toEqual(expected(given, 1));
  });

  it('takes parameters as they are at each run', async () => {
    using store = storeOf(context, 1);
    using predictor = predictorOf(store);
    const given = items(2, 4);
    await predictor.run(sized(4, 2), given);
    store.load(new Map([['weight', { shape: [1], data: Float32Array.of(-3) }]]));
    expect(await predictor.run(sized(4, 2), given)).toEqual(expected(given, -3));
    expect(traced).toEqual([2]);
  });

  it('keeps as many plans as it may, and gives up the one that was not used for longest', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store, { plans: 2 });
    const run = (length: number) => predictor.run(sized(length, 1), items(1, length));
    await run(4);
    await run(5);
    const { bytes } = context.memory;
    await run(4);
    await run(6);
    expect(traced).toEqual([1, 1, 1]);
    expect(Math.abs(context.memory.bytes - bytes)).toBeLessThan(100);
    await run(4);
    expect(traced).toHaveLength(3);
    await run(5);
    expect(traced).toHaveLength(4);
  });

  it('keeps a plan that is in use, however many there are', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store, { plans: 1 });
    const lengths = [4, 5, 6, 7];
    const runs = lengths.map((length) => predictor.run(sized(length, 2), items(3, length)));
    for (const [i, outputs] of (await Promise.all(runs)).entries()) {
      expect(outputs).toEqual(expected(items(3, lengths[i] as number), 0));
    }
    const before = context.memory.buffers;
    await predictor.run(sized(7, 2), items(1, 7));
    expect(context.memory.buffers).toBe(before);
  });

  it('plans once for runs that ask at the same time', async () => {
    using store = storeOf(context, 2);
    using predictor = predictorOf(store);
    const given = items(2, 4);
    const all = await Promise.all([1, 2, 3].map(() => predictor.run(sized(4, 2), given)));
    expect(all).toEqual([1, 2, 3].map(() => expected(given, 2)));
    expect(traced).toEqual([2]);
  });

  it('tells what it compiles and what is done', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const told: PredictorProgress[] = [];
    const onProgress = (progress: PredictorProgress) => told.push(progress);
    await predictor.prepare(sized(4, 2), { onProgress });
    expect(told.at(-1)).toMatchObject({ phase: 'compile', done: told.at(-1)?.total });
    told.length = 0;
    await predictor.run(sized(4, 2), items(3, 4), { onProgress });
    expect(told).toEqual([1, 2, 3].map((done) => ({ phase: 'items', done, total: 3 })));
  });

  it('frees all memory', async () => {
    const { bytes, buffers } = context.memory;
    const store = storeOf(context, 0);
    const predictor = predictorOf(store);
    await predictor.run(sized(4, 2), items(1, 4));
    await predictor.run(sized(5, 2), items(1, 5));
    predictor.dispose();
    predictor.dispose();
    store.dispose();
    expect(context.memory).toMatchObject({ bytes, buffers });
    await expect(predictor.run(sized(4, 2), items(1, 4))).rejects.toThrow(/PREDICTOR_DISPOSED/);
  });

  it('frees a plan that was being made when it was disposed', async () => {
    const { buffers } = context.memory;
    const store = storeOf(context, 0);
    const predictor = predictorOf(store);
    const planning = predictor.prepare(sized(4, 2));
    await Promise.resolve();
    predictor.dispose();
    await planning.catch(() => {});
    store.dispose();
    expect(context.memory.buffers).toBe(buffers);
  });
});

describe('items from somewhere', () => {
  it('come back with what was loaded with them; nothing is loaded before it is asked for', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const given = items(5, 4);
    const loaded: number[] = [];
    const load = (index: number) => {
      loaded.push(index);
      return { index, inputs: given[index] as Item };
    };
    const seen: number[] = [];
    for await (const { item, outputs, seconds } of predictor.each(sized(4, 2), [0, 1, 2, 3, 4].values(), load)) {
      seen.push(item.index);
      expect(outputs).toEqual(expected(given, 0)[item.index]);
      expect(seconds).toBeGreaterThan(0);
      expect(loaded.length).toBe(Math.min(5, 2 * Math.ceil(seen.length / 2)));
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it('fill a batch up in place of those that are left out', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const given = items(7, 4);
    const runs: number[][] = [];
    const load = async (index: number) => (index % 3 === 0 ? undefined : { index, inputs: given[index] as Item });
    async function* sources() {
      for (let i = 0; i < 7; i++) yield i;
    }
    let seconds = -1;
    for await (const predicted of predictor.each(sized(4, 2), sources(), load)) {
      if (predicted.seconds !== seconds) runs.push([]);
      seconds = predicted.seconds;
      runs.at(-1)?.push(predicted.item.index);
    }
    expect(runs).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it('go on after a batch that failed, where the caller takes its error', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const given = items(6, 4).map((item, i) => (i === 2 ? { ...item, a: new Float32Array(3) } : item));
    const failed: unknown[] = [];
    const onFailed = (error: unknown, batch: readonly { readonly inputs: Item }[]) =>
      failed.push([error, batch.length]);
    const done: unknown[] = [];
    for await (const { outputs } of predictor.each(sized(4, 2), given, eachInput, { onFailed })) done.push(outputs);
    expect(done).toEqual([0, 1, 4, 5].map((i) => expected(given, 0)[i]));
    expect(failed).toMatchObject([[{ code: 'PLAN_INPUT' }, 2]]);
    await expect(predictor.run(sized(4, 2), given)).rejects.toThrow(/PLAN_INPUT.*"a" \[4\] needs 4 values, got 3/);
  });

  it('end with the error of who loads them', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const load = async (index: number) => {
      if (index === 1) throw new Error('unreadable');
      return { inputs: items(1, 4)[0] as Item };
    };
    await expect(predictor.each(sized(4, 2), [0, 1], load).next()).rejects.toThrow('unreadable');
  });
});

describe('a predictor that is stopped', () => {
  it('ends before the next batch', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const stop = new AbortController();
    const loaded: Item[] = [];
    const load = (inputs: Item) => {
      loaded.push(inputs);
      return { inputs };
    };
    const seen: unknown[] = [];
    const all = async () => {
      for await (const { outputs } of predictor.each(sized(4, 2), items(9, 4), load, { signal: stop.signal })) {
        seen.push(outputs);
        if (seen.length === 3) stop.abort();
      }
    };
    await expect(all()).rejects.toThrow(/RUN_ABORTED/);
    // The batch in progress is handed out to its end.
    expect(seen).toHaveLength(4);
    expect(loaded).toHaveLength(4);
  });

  it('ends in the middle of a batch, between two submits', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store, { maxSubmitSeconds: 0 });
    const plan = await predictor.prepare(sized(4, 2));
    expect(plan.submitCount).toBeGreaterThan(1);
    const stop = new AbortController();
    const run = predictor.run(sized(4, 2), items(2, 4), { signal: stop.signal });
    // Submitted, and asked for the next part only when the device has answered.
    const { device } = context;
    const submit = device.queue.submit;
    device.queue.submit = (...given) => {
      submit.apply(device.queue, given);
      stop.abort();
    };
    try {
      await expect(run).rejects.toThrow(/RUN_ABORTED.*after 1 of/);
    } finally {
      device.queue.submit = submit;
    }
    expect(await predictor.run(sized(4, 2), items(2, 4))).toEqual(expected(items(2, 4), 0));
  });

  it('does not wait for the compiler, and keeps what it has made', async () => {
    using store = storeOf(context, 0);
    using predictor = predictorOf(store);
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const run = predictor.run(sized(4, 2), items(2, 4), { signal: stop.signal, onProgress });
    await expect(run).rejects.toThrow(/RUN_ABORTED/);
    await expect(predictor.run(sized(4, 2), items(2, 4))).resolves.toEqual(expected(items(2, 4), 0));
    expect(traced).toEqual([2]);
  });
});

describe('parameters that are asked for', () => {
  it('may come with each call', async () => {
    using first = storeOf(context, 1);
    using second = storeOf(context, 2);
    using predictor = predictorOf(first);
    const given = items(2, 4);
    expect(await predictor.run(sized(4, 2), given, { parameters: second })).toEqual(expected(given, 2));
    expect(await predictor.run(sized(4, 2), given)).toEqual(expected(given, 1));
  });

  it('take the plans of others with them', async () => {
    using first = storeOf(context, 1);
    using second = storeOf(context, 2);
    let now = first;
    using predictor = predictorOf(async () => now);
    const given = items(2, 4);
    expect(await predictor.run(sized(4, 2), given)).toEqual(expected(given, 1));
    const { buffers } = context.memory;
    now = second;
    expect(await predictor.run(sized(4, 2), given)).toEqual(expected(given, 2));
    expect(traced).toEqual([2, 2]);
    expect(context.memory.buffers).toBe(buffers);
  });

  it('go on with the same batch on another device when one was lost', async () => {
    const contexts: Context[] = [];
    let store: ParameterStore | undefined;
    const parameters = async (): Promise<ParameterStore> => {
      if (store?.context.status === 'alive') return store;
      contexts.push(await open({ onMessage: () => {} }));
      store = storeOf(contexts.at(-1) as Context, 3);
      return store;
    };
    using predictor = predictorOf(parameters);
    const given = items(6, 4);
    const outputs: unknown[] = [];
    for await (const one of predictor.each(sized(4, 2), given, eachInput)) {
      outputs.push(one.outputs);
      if (outputs.length === 2) contexts[0]?.device.destroy();
    }
    expect(outputs).toEqual(expected(given, 3));
    expect(contexts).toHaveLength(2);
    for (const each of contexts) each.dispose();
  });

  it('end with the loss where there is no other device', async () => {
    const own = await open({ onMessage: () => {} });
    using predictor = predictorOf(storeOf(own, 0));
    await predictor.prepare(sized(4, 2));
    own.device.destroy();
    await own.device.lost;
    await expect(predictor.run(sized(4, 2), items(1, 4))).rejects.toThrow(/CONTEXT_LOST/);
    own.dispose();
  });

  it('are not asked for without end when every device is lost', async () => {
    const contexts: Context[] = [];
    using predictor = predictorOf(async () => {
      const own = await open({ onMessage: () => {} });
      contexts.push(own);
      const store = storeOf(own, 0);
      own.device.destroy();
      await own.device.lost;
      return store;
    });
    await expect(predictor.run(sized(4, 2), items(1, 4))).rejects.toThrow(/CONTEXT_LOST/);
    expect(contexts).toHaveLength(3);
    for (const own of contexts) own.dispose();
  });
});

describe('a predictor that cannot be', () => {
  it('says what is wrong', async () => {
    using store = storeOf(context, 0);
    expect(() => predictorOf(store, { plans: 0 })).toThrow(/OPTION_INVALID.*plans/s);
    expect(() => predictorOf(store, { plan: 1 } as never)).toThrow(/OPTION_UNKNOWN.*plan/s);
    using predictor = predictorOf(store);
    await expect(predictor.run(sized(4, 0), items(1, 4))).rejects.toThrow(/OPTION_INVALID.*batch/s);
    await expect(predictor.run(sized(4, 1), items(1, 4), { signals: 1 } as never)).rejects.toThrow(/OPTION_UNKNOWN/);
    await expect(predictorOf(undefined).prepare(sized(4, 1))).rejects.toThrow(/PREDICTOR_PARAMETERS/);
    await expect(predictor.run(sized(4, 1), [{ a: new Float32Array(4) } as never])).rejects.toThrow(
      /PLAN_INPUT.*"b" \[4\] is missing/,
    );
    using joined = new Predictor({
      forward: ({ x }: Readonly<Record<'x', Tensor>>) => ({ y: scale(x, 2), z: net.weight as never as Tensor }),
      parameters: store,
    });
    await expect(joined.prepare({ item: { x: [4] }, batch: 2 })).rejects.toThrow(
      /PREDICTOR_OUTPUT.*"z" \[1\] \(f32\) is not one float32 result for each of 2 items/,
    );
  });
});
