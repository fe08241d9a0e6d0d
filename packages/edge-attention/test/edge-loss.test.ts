import {
  type Context,
  evaluate,
  gradients,
  type HostTensor,
  open,
  preparePlan,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { add, mulScalar, narrow } from '@infnet/nn';
import { type Disc, discMask, edgeMap, expectClose, fill, gradcheck, itWithGolden, sizeOf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edgeLoss, maskEdge } from '../src/index.js';
import * as reference from './reference.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

/** Blobs of ones, ragged, with some at the border. */
function maskOf(shape: reference.Sizes): HostTensor {
  const noise = fill('mask', sizeOf(shape));
  const [, , height, width] = shape;
  const disc = (i: number): boolean => {
    const [y, x] = [Math.floor(i / width) % height, i % width];
    return (y - height / 3) ** 2 + (x - width / 2) ** 2 < (height * width) / 9;
  };
  return { shape, data: noise.map((value, i) => (disc(i) ? value > -0.9 : value > 0.8) as unknown as number) };
}

const shapes: readonly reference.Sizes[] = [
  [1, 1, 1, 1],
  [2, 1, 5, 7],
  [1, 1, 64, 48],
  [3, 2, 9, 11],
  [2, 1, 33, 70],
  [1, 1, 1, 130],
];

describe('maskEdge', () => {
  it.each(shapes)('equals a plain loop exactly: %i x %i x %i x %i', async (...shape) => {
    const mask = maskOf(shape as unknown as reference.Sizes);
    const { output } = await evaluate(context, ({ mask }) => maskEdge(mask), { mask });
    const expected = reference.maskEdge(mask.data, shape as unknown as reference.Sizes);
    expect([...(output?.data ?? [])]).toEqual([...expected]);
  });

  it('equals the edge maps of the goldens: discs, some cut by the border', async () => {
    const discs: readonly Disc[] = [
      [30, 41, 500],
      [3, 60, 300],
      [80, 90, 900],
    ];
    const data = discMask(discs, 41, 47);
    const mask = { shape: [1, 1, 41, 47], data };
    const { output } = await evaluate(context, ({ mask }) => maskEdge(mask), { mask });
    const expected = edgeMap(data, 41, 47);
    expect(expected.reduce((a, b) => a + b)).toBeGreaterThan(50);
    expect([...(output?.data ?? [])]).toEqual([...expected]);
  });

  it('lets no gradient through, and does not stand in the way of others', async () => {
    const mask = maskOf([1, 1, 6, 6]);
    const { d } = await evaluate(
      context,
      ({ mask, g }) => {
        const y = add(maskEdge(mask), mulScalar(mask, 3));
        return { d: gradients([{ output: y, gradient: g }], [mask])[0] as Tensor };
      },
      { mask, g: { shape: [1, 1, 6, 6], data: new Float32Array(36).fill(2) } },
    );
    expect([...(d?.data ?? [])]).toEqual(new Array(36).fill(6));
  });
});

describe('edgeLoss', () => {
  it.each(shapes)('equals a float64 reference, value and gradient: %i x %i x %i x %i', async (...sizes) => {
    const shape = sizes as unknown as reference.Sizes;
    const mask = maskOf(shape);
    const logits = { shape, data: fill('logits', sizeOf(shape), 6) };
    const results = await evaluate(
      context,
      ({ logits, mask }) => {
        const loss = edgeLoss(logits, mask);
        return { loss, d: gradients(loss, [logits])[0] as Tensor };
      },
      { logits, mask },
    );
    const edge = reference.maskEdge(mask.data, shape);
    expect(results['loss']?.shape).toEqual([]);
    expectClose(
      results['loss']?.data as Float32Array,
      [reference.bceWithLogits(logits.data, edge)],
      { relL2: 1e-6 },
      'loss',
    );
    const expected = reference.bceWithLogitsGradient(logits.data, edge);
    expectClose(results['d']?.data as Float32Array, expected, { relL2: 1e-6 }, 'd');
  });

  it('is finite for logits of any size', async () => {
    const shape = [1, 1, 1, 4] as const;
    const mask = { shape, data: Float32Array.from([0, 1, 1, 1]) };
    const logits = { shape, data: Float32Array.from([-200, 300, -400, 100]) };
    const results = await evaluate(
      context,
      ({ logits, mask }) => {
        const loss = edgeLoss(logits, mask);
        return { loss, d: gradients(loss, [logits])[0] as Tensor };
      },
      { logits, mask },
    );
    // The edge is at index 1 only: 0, 0, 0 and 100 remain.
    expectClose(results['loss']?.data as Float32Array, [25], { relL2: 1e-6 }, 'loss');
    expectClose(results['d']?.data as Float32Array, [0, 0, 0, 0.25], { maxAbs: 1e-7 }, 'd');
  });

  itWithGolden<{ losses_f64: number[][] }>(
    "equals the edge loss of the reference's first training step, from the mask alone",
    'train/inf_net_frozen_bn_10steps',
    async (golden) => {
      const tensor = (name: string): HostTensor => ({ shape: golden.shape(name), data: golden.f32(name) });
      const results = await evaluate(
        context,
        ({ logits, mask }) => ({ edge: maskEdge(mask), loss: edgeLoss(logits, mask) }),
        { logits: tensor('step1/lateral_edge'), mask: tensor('mask') },
      );
      expectClose(results['edge']?.data as Float32Array, golden.f32('edge'), { relL2: 0 }, 'edge');
      expectClose(
        results['loss']?.data as Float32Array,
        [golden.json.losses_f64[0]?.[0] as number],
        { relL2: 2e-6 },
        'loss',
      );
    },
  );

  it('reads channel ranges in place and gives the same bits every time', async () => {
    const block = ({ z, m }: Readonly<Record<'z' | 'm', Tensor>>): Tensor =>
      edgeLoss(narrow(add(z, z), 1, 1, 1), narrow(add(m, m), 1, 2, 1));
    const shape = [2, 3, 20, 17] as const;
    const graph = trace(block, { z: shape, m: shape });
    expect(
      schedule(graph)
        .dispatches.map(({ kernel }) => kernel.name)
        .slice(2),
    ).toEqual(['edge-attention/edge-loss', 'core/sum-partials']);
    const inputs = { z: fill('z', sizeOf(shape), 3), m: maskOf(shape).data };
    const plan = await preparePlan(context, graph);
    const first = (await plan.run(inputs))['output'];
    for (let i = 0; i < 3; i++) expect((await plan.run(inputs))['output']).toEqual(first);
    plan.dispose();
    const range = (data: ArrayLike<number>, channel: number): number[] =>
      [0, 1].flatMap((n) => Array.from(data).slice((n * 3 + channel) * 340, (n * 3 + channel + 1) * 340));
    const edge = reference.maskEdge(range(inputs.m, 2), [2, 1, 20, 17]);
    const expected = reference.bceWithLogits(
      range(inputs.z, 1).map((value) => 2 * value),
      edge,
    );
    expectClose(first as Float32Array, [expected], { relL2: 1e-6 }, 'loss');
  });

  it('has the gradient of finite differences in the middle of a graph', async () => {
    const shape = [2, 1, 9, 6] as const;
    const forward = ({ z, m }: Readonly<Record<'z' | 'm', Tensor>>): Tensor =>
      mulScalar(edgeLoss(mulScalar(z, 2), m), 5);
    const inputs = { z: fill('z', sizeOf(shape)), m: maskOf(shape).data as Float32Array };
    const { d } = await evaluate(context, ({ z, m }) => ({ d: gradients(forward({ z, m }), [z])[0] as Tensor }), {
      z: { shape, data: inputs.z },
      m: { shape, data: inputs.m },
    });
    const plan = await preparePlan(context, trace(forward, { z: shape, m: shape }));
    await gradcheck({
      inputs,
      upstream: [[1]],
      forward: async (at) => [(await plan.run(at))['output'] as Float32Array],
      gradients: { z: d?.data as Float32Array },
    });
    plan.dispose();
  });

  it('says where shapes do not fit', () => {
    const attempt = (z: readonly number[], m: readonly number[]): unknown => {
      try {
        trace(({ z, m }) => z.graph.within('net.edge', () => edgeLoss(z, m)), { z, m });
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(attempt([1, 1, 4, 4], [1, 1, 8, 8])).toMatchObject({ code: 'SHAPE_MISMATCH', where: 'net.edge' });
    expect(attempt([4, 4], [4, 4])).toMatchObject({ code: 'SHAPE_RANK', where: 'net.edge' });
  });
});
