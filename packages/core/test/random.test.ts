/** Random words are the published ones, on every device. */
import { PHILOX_ANSWERS, philox, thrownBy } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyOne,
  type Context,
  defineOperator,
  dispatch,
  evaluate,
  nextRandom,
  open,
  RANDOM_KEY,
  randomKey,
  trace,
} from '../src/index.js';
import { lineCall } from '../src/kernels.js';
import source from './kernels/philox-words.wgsl';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const words = defineOperator({
  name: 'philoxWords',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }) => ({ y: { shape: [x.shape[0] as number, 4], dtype: 'u32' } }),
  lower({ inputs: { x }, outputs: { y } }) {
    const count = x.type.shape[0] as number;
    const kernel = { name: 'test/philox-words', source };
    return [dispatch(lineCall(kernel, { params: {}, invocations: count, flops: 0, values: 10 * count }), { x, y })];
  },
});

describe('Philox 4x32-10', () => {
  const counters = [0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe].map((a, i) => [a, i, ~a >>> 0, 3] as const);
  const more = counters.map((counter) => [counter, [7, 0x89abcdef], philox(counter, [7, 0x89abcdef])] as const);

  it('gives the published words', () => {
    for (const [counter, key, answer] of PHILOX_ANSWERS) expect(philox(counter, key)).toEqual(answer);
  });

  it('gives them on the device', async () => {
    const all = [...PHILOX_ANSWERS, ...more];
    const data = Uint32Array.from(all.flatMap(([counter, key]) => [...counter, ...key]));
    const { output } = await evaluate(context, ({ x }) => applyOne(words, [x], {}), {
      x: { shape: [all.length, 6], data },
    });
    expect([...(output?.data ?? [])]).toEqual(all.flatMap(([, , answer]) => [...answer]));
  });
});

describe('the key of a run', () => {
  it('is one input of the graph, and every random operator has a place of its own', () => {
    const graph = trace(
      ({ x }) => {
        const [first, second] = [nextRandom(x.graph), nextRandom(x.graph)];
        expect(second.key).toBe(first.key);
        expect([first.place, second.place]).toEqual([0, 1]);
        return x;
      },
      { x: [2] },
    );
    expect(graph.inputs.get(RANDOM_KEY)?.type).toEqual({ shape: [3], dtype: 'u32' });
  });

  it('holds seed, step and batch, which are whole and fit', () => {
    expect([...randomKey({ seed: 5 })]).toEqual([5, 0, 0]);
    expect([...randomKey({ seed: 2 ** 32 - 1, step: 7, batch: 2 })]).toEqual([2 ** 32 - 1, 7, 2]);
    for (const wrong of [{ seed: -1 }, { seed: 0.5 }, { seed: 2 ** 32 }, { seed: 1, step: Number.NaN }]) {
      expect(thrownBy(() => randomKey(wrong)).code).toBe('OPTION_INVALID');
    }
  });
});
