import {
  type Context,
  evaluate,
  gradients,
  Module,
  open,
  ParameterStore,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { expectClose, fill, sizeOf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BasicConv2d, callSideBySide, stack } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const tensor = (name: string, shape: readonly number[]): { shape: readonly number[]; data: Float32Array } => ({
  shape,
  data: fill(name, sizeOf(shape)),
});

describe('BasicConv2d', () => {
  it("has the reference's keys and no bias", () => {
    const block = new BasicConv2d(3, 5, [1, 7], { padding: [0, 3] });
    expect(block.stateDictSpec().map(({ name, shape }) => [name, shape])).toEqual([
      ['conv.weight', [5, 3, 1, 7]],
      ['bn.weight', [5]],
      ['bn.bias', [5]],
      ['bn.running_mean', [5]],
      ['bn.running_var', [5]],
      ['bn.num_batches_tracked', []],
    ]);
  });

  it('is one dispatch in inference', () => {
    const block = new BasicConv2d(4, 6, 3, { padding: 1, stride: 2 });
    const graph = trace(({ x }) => block.call(x), { x: [1, 4, 7, 7] });
    expect(graph.outputs.get('output')?.shape).toEqual([1, 6, 4, 4]);
    expect(schedule(graph).dispatches).toHaveLength(1);
  });
});

describe('stack', () => {
  it('puts tensors end to end, and cuts their gradient apart, in one dispatch each', async () => {
    const shapes = { a: [3, 2, 1], b: [1, 2, 1], c: [65, 2, 1] } as const;
    const run = ({ a, b, c, g }: Readonly<Record<'a' | 'b' | 'c' | 'g', Tensor>>): Record<string, Tensor> => {
      const y = stack([a, b, c]);
      const [da, db, dc] = gradients([{ output: y, gradient: g }], [a, b, c]) as [Tensor, Tensor, Tensor];
      return { y, da, db, dc };
    };
    const inputs = {
      a: tensor('a', shapes.a),
      b: tensor('b', shapes.b),
      c: tensor('c', shapes.c),
      g: tensor('g', [69, 2, 1]),
    };
    expect(schedule(trace(run, { ...shapes, g: [69, 2, 1] })).dispatches).toHaveLength(2);
    const results = await evaluate(context, run, inputs);
    expect([...(results['y']?.data ?? [])]).toEqual([...inputs.a.data, ...inputs.b.data, ...inputs.c.data]);
    expect([...(results['da']?.data ?? [])]).toEqual([...inputs.g.data.subarray(0, 6)]);
    expect([...(results['db']?.data ?? [])]).toEqual([...inputs.g.data.subarray(6, 8)]);
    expect([...(results['dc']?.data ?? [])]).toEqual([...inputs.g.data.subarray(8)]);
  });

  it('says which shapes do not fit', () => {
    const attempt = (): unknown => trace(({ a, b }) => stack([a, b]), { a: [3, 2], b: [3, 4] });
    expect(attempt).toThrow(/\[3, 2\] and \[3, 4\]/);
  });
});

describe('callSideBySide', () => {
  class Blocks extends Module<readonly [x: Tensor], readonly Tensor[]> {
    readonly blocks = [new BasicConv2d(9, 3, 1), new BasicConv2d(9, 26, 1), new BasicConv2d(9, 1, 1)];
    constructor(readonly together: boolean) {
      super();
    }
    override forward(x: Tensor): readonly Tensor[] {
      return this.together ? callSideBySide(this.blocks, x).parts : this.blocks.map((block) => block.call(x));
    }
  }

  const run = async (together: boolean, training: boolean): Promise<Float32Array[]> => {
    const blocks = new Blocks(together).train(training);
    using parameters = new ParameterStore(context, blocks);
    parameters.initialize(7);
    const results = await evaluate(
      context,
      ({ x }) => blocks.call(x),
      { x: tensor('x', [2, 9, 5, 3]) },
      { parameters },
    );
    const after = await parameters.read();
    return [...Object.values(results), ...after.values()].map(({ data }) => data as Float32Array);
  };

  it.each([false, true])('equals the blocks one by one, training: %s', async (training) => {
    const [together, apart] = [await run(true, training), await run(false, training)];
    expect(together).toHaveLength(3 + 15);
    for (const [i, data] of together.entries())
      expectClose(data, apart[i] as Float32Array, { relL2: 2e-6 }, `result ${i}`);
  });

  it('equals the blocks one by one where only some batch norms are trained', async () => {
    const outputs = async (together: boolean): Promise<Float32Array[]> => {
      const blocks = new Blocks(together).train();
      blocks.blocks[0]?.bn.eval();
      using parameters = new ParameterStore(context, blocks);
      parameters.initialize(3);
      const results = await evaluate(
        context,
        ({ x }) => blocks.call(x),
        { x: tensor('x', [2, 9, 5, 3]) },
        { parameters },
      );
      return Object.values(results).map(({ data }) => data as Float32Array);
    };
    const [together, apart] = [await outputs(true), await outputs(false)];
    for (const [i, data] of together.entries())
      expectClose(data, apart[i] as Float32Array, { relL2: 2e-6 }, `result ${i}`);
  });

  it('refuses a block that is not 1x1', () => {
    const blocks = [new BasicConv2d(9, 3, 1), new BasicConv2d(9, 3, 3, { padding: 1 })];
    expect(() => trace(({ x }) => callSideBySide(blocks, x).parts, { x: [2, 9, 5, 3] })).toThrow(
      /1x1, this one is 3x3/,
    );
  });

  it('is one convolution in inference', () => {
    const blocks = new Blocks(true);
    const { dispatches } = schedule(trace(({ x }) => blocks.call(x), { x: [2, 9, 5, 3] }));
    expect(dispatches.filter(({ operator }) => operator === 'fusedConv2d')).toHaveLength(1);
  });
});
