import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  evaluate,
  fromDevice,
  type Operator,
  open,
  planInBatches,
  preparePlan,
  type Tensor,
  trace,
} from '../src/index.js';
import { scale } from './operators.js';
import { value } from './own-operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const STORAGE_COPY = 0x80 | 0x04 | 0x08;

describe('open', () => {
  it('says in one line which adapter it took, and that it is software when it is', async () => {
    const lines: string[] = [];
    using own = await open({ onMessage: (line) => lines.push(line) });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    if (own.adapter.software) expect(lines[0]).toMatch(/software/);
  });
});

describe('a context', () => {
  it('refuses everything after dispose, and destroys a device of its own', async () => {
    const own = await open({ onMessage: () => {} });
    const plan = await preparePlan(
      own,
      trace(({ x }) => scale(x, 2), { x: [1, 4] }),
    );
    own.dispose();
    own.dispose();
    expect(own.status).toBe('disposed');
    expect(own.memory).toMatchObject({ bytes: 0, buffers: 0 });
    await expect(plan.run({ x: new Float32Array(4) })).rejects.toThrow(/CONTEXT_DISPOSED/);
    expect(() => own.wrapBuffer({} as GPUBuffer, { shape: [1] })).toThrow(/CONTEXT_DISPOSED/);
    await expect(own.device.lost).resolves.toMatchObject({ reason: 'destroyed' });
  });

  it('notices a lost device and says what to do', async () => {
    const own = await open({ onMessage: () => {} });
    const plan = await preparePlan(
      own,
      trace(({ x }) => scale(x, 2), { x: [1, 4] }),
    );
    own.device.destroy();
    await own.device.lost;
    await expect(plan.run({ x: new Float32Array(4) })).rejects.toThrow(/CONTEXT_LOST[\s\S]*Fix: Open a new context/);
    expect(own.status).toBe('lost');
    own.dispose();
  });

  it('borrows a device without ever destroying it', async () => {
    const { device } = context;
    const borrowed = fromDevice(device);
    const x = { shape: [1, 3], data: Float32Array.of(1, 2, 3) };
    const { output } = await evaluate(borrowed, ({ x }) => scale(x, 2), { x });
    expect([...(output?.data ?? [])]).toEqual([2, 4, 6]);
    borrowed.dispose();
    const { output: again } = await evaluate(context, ({ x }) => scale(x, 3), { x });
    expect([...(again?.data ?? [])]).toEqual([3, 6, 9]);
  });
});

describe('buffers of the caller', () => {
  it('are read and written in place, with an offset', async () => {
    const { device } = context;
    const mine = device.createBuffer({ size: 1024, usage: STORAGE_COPY });
    device.queue.writeBuffer(mine, 256, Float32Array.of(1, 2, 3));
    const before = context.memory;
    const bind = {
      x: context.wrapBuffer(mine, { offset: 256, shape: [1, 3] }),
    };
    const plan = await preparePlan(
      context,
      trace(({ x }) => scale(x, 5), { x: [1, 3] }),
      { bind },
    );
    expect([...((await plan.run())['output'] ?? [])]).toEqual([5, 10, 15]);
    await expect(plan.run({ x: new Float32Array(3) })).rejects.toThrow(/PLAN_INPUT/);
    plan.dispose();
    expect(context.memory.bytes).toBe(before.bytes);
    device.queue.writeBuffer(mine, 0, Float32Array.of(1)); // still alive
    mine.destroy();
  });

  it('take outputs, which are then not read back', async () => {
    const { device } = context;
    const mine = device.createBuffer({ size: 12, usage: STORAGE_COPY });
    const bind = { output: context.wrapBuffer(mine, { shape: [1, 3] }) };
    const plan = await preparePlan(
      context,
      trace(({ x }) => scale(x, 5), { x: [1, 3] }),
      { bind },
    );
    expect(await plan.run({ x: Float32Array.of(1, 2, 3) })).toEqual({});
    const read = device.createBuffer({ size: 12, usage: 0x01 | 0x08 });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(mine, 0, read, 0, 12);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(0x01);
    expect([...new Float32Array(read.getMappedRange())]).toEqual([5, 10, 15]);
    for (const buffer of [mine, read]) buffer.destroy();
    plan.dispose();
  });

  it('are checked', async () => {
    const mine = context.device.createBuffer({ size: 1024, usage: STORAGE_COPY });
    const unusable = context.device.createBuffer({ size: 1024, usage: 0x08 });
    expect(() => context.wrapBuffer(mine, { offset: 4, shape: [1] })).toThrow(/BUFFER_RANGE[\s\S]*multiple of 256/);
    expect(() => context.wrapBuffer(mine, { offset: 768, shape: [100] })).toThrow(/BUFFER_RANGE/);
    expect(() => context.wrapBuffer(unusable, { shape: [1] })).toThrow(/BUFFER_USAGE/);
    const graph = trace(({ x }) => scale(x, 5), { x: [1, 3] });
    const wrong = context.wrapBuffer(mine, { shape: [1, 4] });
    await expect(preparePlan(context, graph, { bind: { x: wrong } })).rejects.toThrow(/PLAN_INPUT.*\[1, 4\].*\[1, 3\]/);
    await expect(preparePlan(context, graph, { bind: { z: wrong } })).rejects.toThrow(/PLAN_INPUT.*"z"/);
    for (const buffer of [mine, unusable]) buffer.destroy();
  });
});

describe('inputs', () => {
  it('are checked by name and length', async () => {
    const plan = await preparePlan(
      context,
      trace(({ x }) => scale(x, 5), { x: [1, 3] }),
    );
    await expect(plan.run({})).rejects.toThrow(/PLAN_INPUT.*"x" \[1, 3\] is missing/);
    await expect(plan.run({ x: new Float32Array(4) })).rejects.toThrow(/PLAN_INPUT.*needs 3 values, got 4/);
    for (const wrong of [new Uint8Array(3), new Float64Array(3), new Int32Array(3), [1, 2, 3]]) {
      const given = { x: wrong as unknown as Float32Array };
      await expect(plan.run(given)).rejects.toThrow(`needs a Float32Array, got ${wrong.constructor.name}`);
    }
    await expect(plan.run({ x: new Float32Array(3), z: new Float32Array(3) })).rejects.toThrow(
      /PLAN_INPUT.*unknown inputs: z/,
    );
    plan.dispose();
    await expect(plan.run({ x: new Float32Array(3) })).rejects.toThrow(/PLAN_DISPOSED/);
  });

  it('may be given while another run is under way', async () => {
    const plan = await preparePlan(
      context,
      trace(({ x }) => scale(x, 2), { x: [1, 1] }),
    );
    const results = await Promise.all([1, 2, 3].map((value) => plan.run({ x: Float32Array.of(value) })));
    expect(results.map(({ output }) => output?.[0])).toEqual([2, 4, 6]);
    plan.dispose();
  });

  it('stop between submits when asked', async () => {
    const graph = trace(({ x }) => scale(x, 2), { x: [1, 1] });
    const plan = await preparePlan(context, graph);
    const signal = AbortSignal.abort();
    await expect(plan.run({ x: Float32Array.of(1) }, { signal })).rejects.toThrow(/RUN_ABORTED/);
    plan.dispose();
  });
});

describe('planInBatches', () => {
  const double = ({ x }: { readonly x: Parameters<typeof scale>[0] }) => scale(x, 2);

  it('runs a batch in the largest parts that fit the budget', async () => {
    const inputs = { x: [5, 100] };
    const plan = await planInBatches(context, double, inputs, { memoryBudget: 3100 });
    expect(plan.itemsPerRun).toBe(2);
    const x = Float32Array.from({ length: 500 }, (_, i) => i);
    const { output } = await plan.run({ x });
    expect(output).toEqual(x.map((value) => 2 * value));
    plan.dispose();
  });

  it('refuses when one item does not fit, with the figures', async () => {
    await expect(planInBatches(context, double, { x: [4, 100] }, { memoryBudget: 500 })).rejects.toThrow(
      /MEMORY_BUDGET/,
    );
  });

  it('does not split what is not made of single items', async () => {
    const infer: Operator['infer'] = ([x]) => [{ shape: [1, x?.shape[1] as number], dtype: 'f32' }];
    const joined = ({ x }: { readonly x: Tensor }): Tensor => value(scale(x, 2), {}, { infer });
    await expect(planInBatches(context, joined, { x: [4, 100] }, { memoryBudget: 1500 })).rejects.toThrow(
      /PLAN_BATCH.*output "output" \[1, 100\] is not one result for each item/s,
    );
  });
});
