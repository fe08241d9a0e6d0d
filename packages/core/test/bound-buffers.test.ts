import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  type RunInputs,
  type Tensor,
  type TraceResult,
  trace,
  type WrappedBuffer,
} from '../src/index.js';
import { join, scale } from './operators.js';

let context: Context;
let other: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
  other = await open({ onMessage: () => {} });
});
afterAll(() => {
  for (const each of [context, other]) {
    each.dispose();
    expect(each.memory).toMatchObject({ bytes: 0, buffers: 0 });
  }
});

const STORAGE = 0x80;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const ALL = STORAGE | COPY_SRC | COPY_DST;

function buffer(label: string, usage = ALL, size = 1024, device = context.device): GPUBuffer {
  return device.createBuffer({ label, size, usage });
}

/** Rows of four values in one buffer, 256 bytes apart. */
const at = (target: GPUBuffer, row = 0): WrappedBuffer =>
  context.wrapBuffer(target, { offset: 256 * row, shape: [1, 4] });

async function contents(source: GPUBuffer, row = 0): Promise<number[]> {
  const { device } = context;
  const read = device.createBuffer({ size: 16, usage: 0x01 | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 256 * row, read, 0, 16);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(0x01);
  const values = [...new Float32Array(read.getMappedRange())];
  read.destroy();
  return values;
}

const x = Float32Array.of(1, 2, 3, 4);
const twice = ({ x }: { readonly x: Tensor }): TraceResult => ({ y: scale(x, 2) });

async function prepareWith(fn: (inputs: { readonly x: Tensor }) => TraceResult, bind: Record<string, WrappedBuffer>) {
  return preparePlan(context, trace(fn, { x: [1, 4] }), { bind });
}

describe('what is bound wrongly is named, and never called a fault of infnet', () => {
  const refused: [string, () => Record<string, WrappedBuffer>, RegExp][] = [
    [
      'one buffer as x and y',
      () => {
        const both = at(buffer('frame'));
        return { x: both, y: both };
      },
      /BUFFER_ALIAS\] "x" and "y" lie in one buffer \(the buffer "frame"\), in ranges that overlap/,
    ],
    [
      'x and y in parts of one buffer that one kernel reads and writes',
      () => {
        const both = buffer('frame');
        return { x: at(both, 0), y: at(both, 2) };
      },
      /BUFFER_ALIAS\] "x" and "y" lie in one buffer \(the buffer "frame"\), and test\/scale-add would read and write/,
    ],
    [
      'a destroyed buffer',
      () => {
        const gone = buffer('gone');
        gone.destroy();
        return { y: at(gone) };
      },
      /BUFFER_DESTROYED\] the buffer "gone", bound as "y", was destroyed/,
    ],
    [
      'a buffer of another device',
      () => ({ x: at(buffer('abroad', ALL, 1024, other.device)) }),
      /BUFFER_DEVICE\] the buffer "abroad", bound as "x", is of another device/,
    ],
    [
      'a buffer without a label',
      () => {
        const gone = buffer('');
        gone.destroy();
        return { x: at(gone) };
      },
      /BUFFER_DESTROYED\] a buffer without a label, bound as "x"/,
    ],
    [
      'a GPUBuffer that was not wrapped',
      () => ({ x: buffer('raw') as unknown as WrappedBuffer }),
      /BUFFER_INVALID.*got Undefined/,
    ],
    ['nothing', () => ({ x: undefined as unknown as WrappedBuffer }), /BUFFER_INVALID/],
    [
      'a wrapper made by hand, too small',
      () => ({ x: { buffer: buffer('small', ALL, 8), offset: 0, shape: [1, 4] } }),
      /BUFFER_RANGE.*16 bytes does not fit a buffer of 8 bytes \(at small\)/,
    ],
    [
      'a wrapper made by hand, without STORAGE',
      () => ({ x: { buffer: buffer('copy', COPY_DST), offset: 0, shape: [1, 4] } }),
      /BUFFER_USAGE\] the buffer "copy" was made without GPUBufferUsage.STORAGE \(at bind "x"\)/,
    ],
  ];

  it.each(refused)('%s', async (_, bind, message) => {
    const failed = prepareWith(twice, bind());
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow(/fault of infnet/);
  });

  it.each<[string, (target: GPUBuffer) => void, RegExp]>([
    ['destroyed', (target) => target.destroy(), /BUFFER_DESTROYED\] the buffer "mine", bound as "y"/],
  ])('a buffer that is %s after the plan was prepared', async (_, spoil, message) => {
    const [source, target] = [buffer('source'), buffer('mine')];
    using plan = await prepareWith(twice, { x: at(source), y: at(target) });
    await plan.run();
    spoil(target);
    await expect(plan.run()).rejects.toThrow(message);
    await expect(plan.run()).rejects.not.toThrow(/fault of infnet/);
  });

  it('a buffer that is mapped', async () => {
    const mapped = context.device.createBuffer({ label: 'mapped', size: 256, usage: ALL, mappedAtCreation: true });
    new Float32Array(mapped.getMappedRange()).set(x);
    // Prepared already while the host still fills it.
    using plan = await prepareWith(twice, { x: at(mapped) });
    await expect(plan.run()).rejects.toThrow(/BUFFER_MAPPED\] the buffer "mapped", bound as "x", is mapped/);
    mapped.unmap();
    expect([...((await plan.run())['y'] ?? [])]).toEqual([2, 4, 6, 8]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no buffer', () => context.wrapBuffer({} as GPUBuffer, { shape: [1] }), /BUFFER_INVALID/],
    ['null', () => context.wrapBuffer(null as unknown as GPUBuffer, { shape: [1] }), /BUFFER_INVALID.*got Null/],
    ['no options', () => context.wrapBuffer(buffer('b'), undefined as never), /BUFFER_RANGE.*shape Undefined/],
    ['a shape with NaN', () => context.wrapBuffer(buffer('b'), { shape: [Number.NaN] }), /BUFFER_RANGE.*\[NaN\]/],
    ['a shape with a fraction', () => context.wrapBuffer(buffer('b'), { shape: [1.5] }), /BUFFER_RANGE/],
    ['an empty shape', () => context.wrapBuffer(buffer('b'), { shape: [0, 4] }), /BUFFER_RANGE/],
    [
      'an offset of NaN',
      () => context.wrapBuffer(buffer('b'), { offset: Number.NaN, shape: [1] }),
      /BUFFER_RANGE.*NaN/,
    ],
    ['a negative offset', () => context.wrapBuffer(buffer('b'), { offset: -256, shape: [1] }), /BUFFER_RANGE/],
    ['an offset behind the end', () => context.wrapBuffer(buffer('b'), { offset: 1024, shape: [1] }), /BUFFER_RANGE/],
    [
      'a size that no number holds',
      () => context.wrapBuffer(buffer('b'), { shape: [2 ** 40, 2 ** 40] }),
      /BUFFER_RANGE/,
    ],
  ])('wrapBuffer: %s', (_, wrap, message) => expect(wrap).toThrow(message));
});

describe('outputs in buffers of a host', () => {
  it('may share a buffer where no kernel reads and writes it at once', async () => {
    const both = buffer('both');
    using plan = await prepareWith(({ x }) => ({ a: scale(x, 2), b: scale(x, 3) }), { a: at(both, 0), b: at(both, 1) });
    await plan.run({ x });
    expect([await contents(both, 0), await contents(both, 1)]).toEqual([
      [2, 4, 6, 8],
      [3, 6, 9, 12],
    ]);
  });

  it('get what is not computed in them: an input, a parameter, a constant, another output', async () => {
    const weight = new Parameter([1, 4]);
    weight.name = 'w';
    using store = new ParameterStore(context, [weight]);
    store.load({ w: { shape: [1, 4], data: [5, 6, 7, 8] } });
    const names = ['same', 'parameter', 'constant', 'y', 'z'];
    const graph = trace(
      ({ x }) => {
        const y = scale(x, 2);
        const parameter = x.graph.parameter(weight);
        return { same: x, parameter, constant: scale(parameter, 10), y, z: y };
      },
      { x: [1, 4] },
    );
    const targets = names.map((name) => buffer(name));
    const source = buffer('source', STORAGE | COPY_DST | COPY_SRC);
    const all = Object.fromEntries(names.map((name, i) => [name, at(targets[i] as GPUBuffer)]));
    const expected = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [50, 60, 70, 80],
      [2, 4, 6, 8],
      [2, 4, 6, 8],
    ];
    context.device.queue.writeBuffer(source, 0, x);
    for (const [bind, inputs] of [
      [all, { x }],
      [{ ...all, x: at(source) }, {}],
    ] as [Record<string, WrappedBuffer>, RunInputs][]) {
      for (const target of targets) context.device.queue.writeBuffer(target, 0, new Float32Array(4));
      using plan = await preparePlan(context, graph, { parameters: store, bind });
      expect(await plan.run(inputs)).toEqual({});
      expect(await Promise.all(targets.map((target) => contents(target)))).toEqual(expected);
    }
  });

  it('are read back where one of two names of a tensor is bound', async () => {
    const target = buffer('target');
    const two = ({ x }: { readonly x: Tensor }): TraceResult => {
      const y = scale(x, 2);
      return { y, z: y };
    };
    using plan = await prepareWith(two, { y: at(target) });
    expect([...((await plan.run({ x }))['z'] ?? [])]).toEqual([2, 4, 6, 8]);
    const unreadable = buffer('unreadable', STORAGE);
    await expect(prepareWith(two, { y: at(unreadable) })).rejects.toThrow(
      /BUFFER_USAGE.*"unreadable".*COPY_SRC.*output "z"/,
    );
    const identity = ({ x }: { readonly x: Tensor }): TraceResult => ({ same: x, y: scale(x, 2) });
    await expect(prepareWith(identity, { same: at(unreadable) })).rejects.toThrow(/BUFFER_USAGE.*COPY_DST/);
    await expect(prepareWith(identity, { x: at(target), same: at(target, 1) })).rejects.toThrow(/BUFFER_ALIAS/);
    using inPlace = await prepareWith(identity, { x: at(target), same: at(target) });
    expect([...((await inPlace.run())['y'] ?? [])]).toEqual([4, 8, 12, 16]);
  });

  it('have names of their own', async () => {
    const same = trace(({ x }) => ({ x: scale(x, 2) }), { x: [1, 4] });
    await expect(preparePlan(context, same, { bind: { x: at(buffer('b')) } })).rejects.toThrow(
      /PLAN_INPUT.*an input and of an output/,
    );
    using plan = await preparePlan(context, same);
    expect([...((await plan.run({ x }))['x'] ?? [])]).toEqual([2, 4, 6, 8]);
    // Names that every object has are no bindings.
    const odd = trace((inputs) => ({ valueOf: join([inputs.constructor, inputs.toString]) }), {
      constructor: [1, 2],
      toString: [1, 2],
    });
    using oddPlan = await preparePlan(context, odd);
    await expect(oddPlan.run({ toString: new Float32Array(2) } as unknown as RunInputs)).rejects.toThrow(
      /PLAN_INPUT.*"constructor" \[1, 2\] is missing/,
    );
    const inputs = { constructor: Float32Array.of(1, 2), toString: Float32Array.of(3, 4) } as unknown as RunInputs;
    expect([...((await oddPlan.run(inputs))['valueOf'] ?? [])]).toEqual([1, 2, 3, 4]);
  });
});

describe('inputs in memory of other kinds', () => {
  const planned = () => preparePlan(context, trace(twice, { x: [1, 4] }));
  const Resizable = ArrayBuffer as unknown as new (
    size: number,
    options: object,
  ) => ArrayBuffer & { resize(size: number): void };

  it('are copied: shared between threads, resizable, a part of a larger one', async () => {
    using plan = await planned();
    // A page has shared memory only so, unless it is isolated.
    const { buffer: shared } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const memories = [new Resizable(40, { maxByteLength: 80 }), new ArrayBuffer(40), shared];
    for (const memory of memories) {
      const view = new Float32Array(memory, 12, 4);
      view.set(x);
      const run = plan.run({ x: view });
      view.fill(99);
      expect([...((await run)['y'] ?? [])]).toEqual([2, 4, 6, 8]);
    }
  });

  it('are refused where the memory was given away or has become too small', async () => {
    using plan = await planned();
    const given = Float32Array.from(x);
    structuredClone(given.buffer, { transfer: [given.buffer] });
    await expect(plan.run({ x: given })).rejects.toThrow(/PLAN_INPUT.*memory of input "x" \[1, 4\] was given away/);
    const memory = new Resizable(16, { maxByteLength: 16 });
    const view = new Float32Array(memory);
    memory.resize(8);
    await expect(plan.run({ x: view })).rejects.toThrow(/PLAN_INPUT.*needs 4 values, got 2/);
    await expect(plan.run(null as unknown as RunInputs)).rejects.toThrow(/PLAN_INPUT.*got Null/);
    await expect(plan.run({ x: new DataView(new ArrayBuffer(16)) } as unknown as RunInputs)).rejects.toThrow(
      /PLAN_INPUT.*got DataView/,
    );
  });
});
