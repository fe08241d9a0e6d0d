import {
  Context,
  evaluate,
  gradients,
  type HostTensor,
  isInfnetError,
  open,
  preparePlan,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { describeCall } from '@infnet/core/kernels';
import { add, batchNorm2d, concat, narrow } from '@infnet/nn';
import { expectClose, fill, gradcheck, itWithGolden, sizeOf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addResized, reverseAttention, reverseAttentionCall } from '../src/index.js';
import * as reference from './reference.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const random = (name: string, shape: readonly number[], scale = 2): HostTensor => ({
  shape,
  data: fill(name, sizeOf(shape), scale),
});

interface Case {
  readonly features: reference.Sizes;
  readonly logits: readonly [number, number];
}

/** Odd channels and sizes, batches, one pixel; logits of equal size, smaller, larger, and of another aspect. */
const cases: readonly Case[] = [
  { features: [2, 3, 7, 9], logits: [7, 9] },
  { features: [1, 26, 11, 11], logits: [44, 44] },
  { features: [2, 52, 6, 6], logits: [3, 3] },
  { features: [3, 10, 5, 4], logits: [2, 7] },
  { features: [1, 1, 1, 1], logits: [3, 2] },
  { features: [2, 33, 8, 6], logits: [1, 1] },
  { features: [1, 9, 13, 12], logits: [13, 12] },
];

describe('reverseAttention', () => {
  itWithGolden<{ cases: { case: string }[] }>(
    'equals the goldens, forward and backward',
    'ops/reverse_attention',
    async (golden) => {
      for (const { case: name } of golden.json.cases) {
        const input = (key: string): HostTensor => ({
          shape: golden.shape(`${name}/${key}`),
          data: golden.f32(`${name}/${key}`),
        });
        const results = await evaluate(
          context,
          ({ x, a, g }) => {
            const y = reverseAttention(x, a);
            const [dx, da] = gradients([{ output: y, gradient: g }], [x, a]);
            return { y, dx: dx as Tensor, da: da as Tensor };
          },
          { x: input('x'), a: input('a'), g: input('g_y') },
        );
        expectClose(results['y']?.data as Float32Array, golden.f32(`${name}/y`), { relL2: 5e-6 }, `${name} y`);
        expectClose(results['dx']?.data as Float32Array, golden.f32(`${name}/d_x`), { relL2: 5e-6 }, `${name} d_x`);
        expectClose(results['da']?.data as Float32Array, golden.f32(`${name}/d_a`), { relL2: 5e-6 }, `${name} d_a`);
      }
    },
  );

  it.each(cases)('equals a float64 reference: $features with logits $logits', async ({ features, logits }) => {
    const x = random('x', features);
    const a = random('a', [features[0], 1, ...logits], 5);
    const { output } = await evaluate(context, ({ x, a }) => reverseAttention(x, a), { x, a });
    const expected = reference.reverseAttention(x.data, features, a.data, logits);
    expectClose(output?.data as Float32Array, expected, { relL2: 1e-6 }, 'y');
  });

  it('stays finite for logits of any size', async () => {
    const x = { shape: [1, 1, 1, 4], data: Float32Array.from([1, 1, 1, 1]) };
    const a = { shape: [1, 1, 1, 4], data: Float32Array.from([-1e30, 1e30, -90, 90]) };
    const { output } = await evaluate(context, ({ x, a }) => reverseAttention(x, a), { x, a });
    expect([...(output?.data ?? [])]).toEqual([1, expect.closeTo(0, 30), 1, expect.closeTo(0, 30)]);
  });

  it('reads and writes channel ranges in place: no copies around it', async () => {
    const block = ({ x, a }: Readonly<Record<'x' | 'a', Tensor>>): Tensor => {
      const doubled = add(x, x);
      return concat([narrow(doubled, 1, 5, 2), reverseAttention(narrow(doubled, 1, 1, 3), a)].reverse());
    };
    const shapes = { x: [2, 7, 5, 3], a: [2, 1, 2, 2] } as const;
    const inputs = { x: random('x', shapes.x), a: random('a', shapes.a) };
    const kernels = schedule(trace(block, shapes)).dispatches.map(({ kernel }) => kernel.name);
    expect(kernels.filter((name) => name === 'reverse-attention/reverse-attention')).toHaveLength(1);
    // doubled, the weighted range, and the range that is only passed on.
    expect(kernels).toHaveLength(3);
    const { output } = await evaluate(context, block, inputs);
    const doubled = inputs.x.data.map((value) => 2 * value);
    const range = (start: number, end: number): number[] =>
      [0, 1].flatMap((n) => [...doubled.subarray((n * 7 + start) * 15, (n * 7 + end) * 15)]);
    const weighted = reference.reverseAttention(range(1, 4), [2, 3, 5, 3], inputs.a.data, [2, 2]);
    const passed = range(5, 7);
    const expected = [0, 1].flatMap((n) => [
      ...weighted.subarray(n * 45, (n + 1) * 45),
      ...passed.slice(n * 30, (n + 1) * 30),
    ]);
    expectClose(output?.data as Float32Array, expected, { relL2: 1e-6 }, 'y');
  });

  it('does the batch norm behind it in the same pass, with the same result', async () => {
    const norm = (inputs: Readonly<Record<'x' | 'a' | 'w' | 'b' | 'm' | 'v', Tensor>>): Tensor => {
      const { x, a, w, b, m, v } = inputs;
      return batchNorm2d(reverseAttention(x, a), w, b, m, v, { eps: 1e-3 });
    };
    for (const features of [
      [2, 26, 3, 5],
      [1, 12, 4, 6],
    ] as const) {
      const channels = { w: [features[1]], b: [features[1]], m: [features[1]], v: [features[1]] };
      const shapes = { x: features, a: [features[0], 1, 2, 3], ...channels };
      const graph = trace(norm, shapes);
      expect(schedule(graph).dispatches).toHaveLength(1);
      expect(schedule(graph, { fusion: false }).dispatches).toHaveLength(2);
      const inputs = {
        x: random('x', shapes.x),
        a: random('a', shapes.a),
        w: random('w', shapes.w),
        b: random('b', shapes.b),
        m: random('m', shapes.m),
        v: { shape: shapes.v, data: fill('v', features[1], 0.5, 1) },
      };
      const fused = await evaluate(context, norm, inputs);
      const plain = await evaluate(context, norm, inputs, { fusion: false });
      expectClose(fused['output']?.data as Float32Array, plain['output']?.data as Float32Array, { relL2: 5e-7 }, 'y');
    }
  });

  it.each(cases)(
    'has the gradients of finite differences: $features with logits $logits',
    async ({ features, logits }) => {
      const shapes = { x: features, a: [features[0], 1, ...logits] } as const;
      // In the middle of a graph, so that the upstream gradient is not the one that was given.
      const forward = ({ x, a }: Readonly<Record<'x' | 'a', Tensor>>): Tensor => {
        const y = reverseAttention(add(x, x), a);
        return add(y, y);
      };
      const inputs = { x: fill('x', sizeOf(shapes.x)), a: fill('a', sizeOf(shapes.a), 2) };
      const upstream = fill('g', sizeOf(shapes.x));
      const backward = await evaluate(
        context,
        ({ x, a, g }) => {
          const [dx, da] = gradients([{ output: forward({ x, a }), gradient: g }], [x, a]);
          return { x: dx as Tensor, a: da as Tensor };
        },
        {
          x: { shape: shapes.x, data: inputs.x },
          a: { shape: shapes.a, data: inputs.a },
          g: { shape: shapes.x, data: upstream },
        },
      );
      const plan = await preparePlan(context, trace(forward, shapes));
      await gradcheck({
        inputs,
        upstream: [upstream],
        forward: async (at) => [(await plan.run(at))['output'] as Float32Array],
        gradients: { x: backward['x']?.data as Float32Array, a: backward['a']?.data as Float32Array },
        directions: 2,
      });
      plan.dispose();
    },
  );

  it('gives both gradients in one pass over the features', () => {
    const graph = trace(
      ({ x, a, g }) => {
        const [dx, da] = gradients([{ output: reverseAttention(x, a), gradient: g }], [x, a]);
        return { dx: dx as Tensor, da: da as Tensor };
      },
      { x: [1, 8, 4, 4], a: [1, 1, 4, 4], g: [1, 8, 4, 4] },
    );
    expect(schedule(graph).dispatches.map(({ kernel }) => kernel.name)).toEqual(['reverse-attention/gradient']);
  });

  it('splits channels over invocations on GPUs with the same result', async () => {
    const graph = trace(
      ({ x, a, g }) => {
        const [dx, da] = gradients([{ output: reverseAttention(x, a), gradient: g }], [x, a]);
        return { dx: dx as Tensor, da: da as Tensor };
      },
      { x: [2, 37, 9, 5], a: [2, 1, 3, 3], g: [2, 37, 9, 5] },
    );
    const inputs = {
      x: fill('x', 2 * 37 * 45),
      a: fill('a', 2 * 9, 3),
      g: fill('g', 2 * 37 * 45),
    };
    const run = async (kind: 'cpu' | 'gpu'): Promise<Record<string, Float32Array>> => {
      const { device, adapter } = context;
      const asIf = new Context(device, adapter, false);
      Object.assign(asIf.profile, { class: kind });
      const plan = await preparePlan(asIf, graph);
      const results = await plan.run(inputs);
      asIf.dispose();
      return results as Record<string, Float32Array>;
    };
    const [cpu, gpu] = [await run('cpu'), await run('gpu')];
    expectClose(gpu['dx'] as Float32Array, cpu['dx'] as Float32Array, { relL2: 0 }, 'dx');
    expectClose(gpu['da'] as Float32Array, cpu['da'] as Float32Array, { relL2: 1e-6 }, 'da');
  });

  it('says where shapes do not fit', () => {
    const attempt = (x: readonly number[], a: readonly number[]): unknown => {
      try {
        trace(({ x, a }) => x.graph.within('net.ra4', () => reverseAttention(x, a)), { x, a });
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(isInfnetError(attempt([1, 4, 3, 3], [1, 2, 3, 3]), 'SHAPE_CHANNELS')).toBe(true);
    expect(isInfnetError(attempt([1, 4, 3, 3], [2, 1, 3, 3]), 'SHAPE_MISMATCH')).toBe(true);
    expect(attempt([4, 3, 3], [1, 1, 3, 3])).toMatchObject({ code: 'SHAPE_RANK', where: 'net.ra4' });
  });
});

describe('reverseAttentionCall', () => {
  it('runs in a plain WebGPU program', async () => {
    const features = [2, 5, 6, 7] as const;
    const logits = [2, 1, 3, 2] as const;
    const { code, entryPoint, bindings, uniform, workgroups } = describeCall(
      reverseAttentionCall({ features, logits }),
    );
    const { device } = context;
    const [x, a] = [fill('x', sizeOf(features)), fill('a', sizeOf(logits), 4)];
    const upload = (data: ArrayBuffer | Float32Array<ArrayBuffer>, usage: number): GPUBuffer => {
      const buffer = device.createBuffer({ size: data.byteLength, usage: usage | 0x08 });
      device.queue.writeBuffer(buffer, 0, data);
      return buffer;
    };
    const storage = 0x80;
    const y = device.createBuffer({ size: x.byteLength, usage: storage | 0x04 });
    const buffers: Record<string, GPUBuffer> = { x: upload(x, storage), logits: upload(a, storage), y };
    const module = device.createShaderModule({ code });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint } });
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: upload(uniform as ArrayBuffer, 0x40) } },
        ...bindings.map(({ binding, name }) => ({ binding, resource: { buffer: buffers[name] as GPUBuffer } })),
      ],
    });
    const readback = device.createBuffer({ size: x.byteLength, usage: 0x01 | 0x08 });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    encoder.copyBufferToBuffer(y, 0, readback, 0, x.byteLength);
    device.queue.submit([encoder.finish()]);
    await readback.mapAsync(0x01);
    const expected = reference.reverseAttention(x, features, a, [3, 2]);
    expectClose(new Float32Array(readback.getMappedRange()), expected, { relL2: 1e-6 }, 'y');
  });
});

describe('addResized', () => {
  it.each([
    { x: [2, 1, 6, 6], coarse: [2, 1, 3, 3] },
    { x: [1, 3, 5, 7], coarse: [1, 3, 20, 28] },
    { x: [3, 2, 4, 4], coarse: [3, 2, 4, 4] },
  ] as const)('adds and differentiates: $x + $coarse', async ({ x, coarse }) => {
    const inputs = { x: random('x', x), c: random('c', coarse), g: random('g', x) };
    const results = await evaluate(
      context,
      ({ x, c, g }) => {
        const y = addResized(x, c);
        const [dx, dc] = gradients([{ output: y, gradient: g }], [x, c]);
        return { y, doubled: add(dx as Tensor, g), dc: dc as Tensor };
      },
      inputs,
    );
    const resized = reference.resize(inputs.c.data, coarse, [x[2], x[3]]);
    const expected = resized.map((value, i) => value + (inputs.x.data[i] as number));
    expectClose(results['y']?.data as Float32Array, expected, { relL2: 1e-6 }, 'y');
    expectClose(
      results['doubled']?.data as Float32Array,
      inputs.g.data.map((value) => 2 * value),
      { relL2: 0 },
      'dx + g',
    );
    // The map is linear, so its transpose is tested by one scalar product: <g, resize(c)> = <dc, c>.
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    const [left, right] = [dot(inputs.g.data, resized), dot(results['dc']?.data as Float32Array, inputs.c.data)];
    expect(Math.abs(left - right)).toBeLessThan(
      1e-5 * Math.sqrt(dot(resized, resized) * dot(inputs.g.data, inputs.g.data)),
    );
  });
});
