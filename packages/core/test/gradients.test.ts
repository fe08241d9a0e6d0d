import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  evaluate,
  fill,
  gradients,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  schedule,
  sumTensors,
  trace,
} from '../src/index.js';
import { join, scale, split } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const values = (data: readonly number[]) => ({ shape: [1, data.length], data: Float32Array.from(data) });

describe('gradients', () => {
  it('follow the chain rule and add up where a tensor is used twice', async () => {
    const { dx, da } = await evaluate(
      context,
      ({ x, a, g }) => {
        const middle = scale(x, 2, a);
        const y = scale(middle, 3, scale(middle, 5));
        const [dx, da] = gradients([{ output: y, gradient: g }], [x, a]);
        return { dx: dx as never, da: da as never };
      },
      { x: values([1, 2]), a: values([3, 4]), g: values([1, 10]) },
    );
    expect([...(dx?.data ?? [])]).toEqual([16, 160]);
    expect([...(da?.data ?? [])]).toEqual([8, 80]);
  });

  it('are undefined for what the output does not depend on', () => {
    trace(
      ({ x, z }) => {
        const y = scale(x, 2);
        expect(gradients([{ output: y, gradient: x }], [z])).toEqual([undefined]);
        return y;
      },
      { x: [1, 2], z: [1, 2] },
    );
  });

  it('refuse a loss that is not a scalar, and an operator without a rule', () => {
    trace(
      ({ x }) => {
        expect(() => gradients(scale(x, 2), [x])).toThrow(/GRADIENT_SHAPE.*\[1, 2\]/);
        expect(() => gradients([{ output: join([x, x]), gradient: join([x, x]) }], [x])).toThrow(
          /GRADIENT_MISSING.*"join"/,
        );
        return x;
      },
      { x: [1, 2] },
    );
  });
});

describe('updates', () => {
  it('write new values of parameters when the run ends, and frozen results follow', async () => {
    const weight = new Parameter([1, 3]);
    weight.name = 'weight';
    const parameters = new ParameterStore(context, [weight]);
    parameters.load(new Map([['weight', { shape: [1, 3], data: [1, 2, 3] }]]));
    const step = trace(
      ({ x }) => {
        const w = x.graph.parameter(weight);
        x.graph.update(weight, scale(w, 2, x));
        return scale(w, 1);
      },
      { x: [1, 3] },
    );
    const look = trace(({ x }) => scale(x, 1, scale(x.graph.parameter(weight), 10)), { x: [1, 3] });
    const training = await preparePlan(context, step, { parameters });
    const frozen = await preparePlan(context, look, { parameters });
    const zeros = { x: new Float32Array(3) };
    expect([...((await frozen.run(zeros))['output'] ?? [])]).toEqual([10, 20, 30]);
    expect([...((await training.run({ x: Float32Array.of(1, 1, 1) }))['output'] ?? [])]).toEqual([1, 2, 3]);
    expect([...((await frozen.run(zeros))['output'] ?? [])]).toEqual([30, 50, 70]);
    expect([...((await training.run({ x: Float32Array.of(1, 1, 1) }))['output'] ?? [])]).toEqual([3, 5, 7]);
  });

  it('are refused when the shapes differ', () => {
    const weight = new Parameter([1, 3]);
    trace(
      ({ x }) => {
        expect(() => x.graph.update(weight, x)).toThrow(/SHAPE_MISMATCH/);
        return x;
      },
      { x: [1, 2] },
    );
  });
});

describe('sum and fill', () => {
  it('add ten tensors in a fixed order, over channel ranges too', async () => {
    const { output } = await evaluate(
      context,
      ({ x }) => {
        const [a, b] = split(scale(x, 1), [2, 2]) as unknown as [typeof x, typeof x];
        const [d] = gradients(
          Array.from({ length: 10 }, () => ({ output: scale(a, 1), gradient: b })),
          [a],
        );
        return d as never;
      },
      { x: { shape: [2, 4, 1], data: Float32Array.from({ length: 8 }, (_, i) => i) } },
    );
    expect([...(output?.data ?? [])]).toEqual([20, 30, 60, 70]);
  });

  it('fills', async () => {
    const { output } = await evaluate(context, ({ x }) => fill(x.graph, [70], 2.5), { x: values([0]) });
    expect(new Set(output?.data)).toEqual(new Set([2.5]));
    expect(output?.data).toHaveLength(70);
  });

  it('take vectors and tensors of more than 65535 workgroups', async () => {
    const count = 70_000;
    const x = { shape: [count], data: new Float32Array(count).map((_, i) => i) };
    const { twice, threes } = await evaluate(
      context,
      ({ x }) => ({ twice: sumTensors([x, x]), threes: fill(x.graph, [65_536 * 64], 3) }),
      { x },
    );
    expect(twice?.data.every((value, i) => value === 2 * i)).toBe(true);
    expect(threes?.data.every((value) => value === 3)).toBe(true);
  });

  it('cost nothing where nothing is added', () => {
    const graph = trace(({ x, g }) => gradients([{ output: scale(x, 2), gradient: g }], [x])[0] as never, {
      x: [1, 2],
      g: [1, 2],
    });
    expect(schedule(graph).dispatches).toHaveLength(1);
  });
});
