/** Dropout against the published generator: which values are dropped is known to the bit, on every adapter. */
import { evaluate, gradients, RANDOM_KEY, randomKey, schedule, type Tensor, trace } from '@infnet/core';
import { philox } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { concat, Dropout, Dropout2d, DropPath, dropout, dropout2d, dropPath, mul, narrow, sum } from '../src/index.js';
import { codeOf, type Host, random, useContext } from './support/harness.js';

const context = useContext();

interface Draw {
  readonly seed?: number;
  readonly step?: number;
  readonly batch?: number;
  readonly place?: number;
}

/** The mask, value by value: 0 or 1. */
function maskOf(count: number, rate: number, span: number, { seed = 3, step = 0, batch = 0, place = 0 }: Draw = {}) {
  return Array.from({ length: count }, (_, e) => {
    const m = Math.floor(e / span);
    const word = philox([Math.floor(m / 4), step, batch, 0], [seed, place])[m % 4] as number;
    return Number(word >= Math.min(2 ** 32 - 1, Math.floor(rate * 2 ** 32)));
  });
}

const expected = ({ data }: Host, mask: readonly number[], scale: number): Float32Array =>
  data.map((value, i) => (mask[i] === 1 ? Math.fround(value * Math.fround(scale)) : 0));

async function run(
  fn: (x: Tensor) => Tensor | Record<string, Tensor>,
  x: Host,
  { seed = 3, step = 0, batch = 0 }: Draw = {},
): Promise<Readonly<Record<string, Float32Array>>> {
  const key = { shape: [3], data: randomKey({ seed, step, batch }) };
  const outputs = await evaluate(context(), ({ x }) => fn(x as Tensor), { x, [RANDOM_KEY]: key });
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

const SHAPES = [[1], [7], [2, 3, 5, 7], [3, 26, 4, 4], [5, 2, 3], [1, 52, 1, 1]];

describe('dropout', () => {
  it.each(SHAPES.map((shape) => [shape.join(' x '), shape] as const))(
    'drops what the generator says, of %s',
    async (_, shape) => {
      const x = random('dropout', shape);
      for (const rate of [0.1, 0.5]) {
        const { output } = await run((t) => dropout(t, rate), x);
        expect(output).toEqual(expected(x, maskOf(x.data.length, rate, 1), 1 / (1 - rate)));
      }
    },
  );

  it('keeps the share that it says, and the mean', async () => {
    const x = { shape: [20000], data: new Float32Array(20000).fill(1) };
    for (const rate of [0.05, 0.5, 0.9]) {
      const { output } = await run((t) => dropout(t, rate), x);
      const kept = (output as Float32Array).filter((value) => value !== 0).length / 20000;
      expect(Math.abs(kept - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 20000));
    }
  });

  it('with p = 0 is nothing, with p = 1 drops all', async () => {
    trace(
      ({ x }) => {
        expect(dropout(x, 0)).toBe(x);
        return x;
      },
      { x: [3] },
    );
    const x = random('all', [3, 7]);
    expect((await run((t) => dropout(t, 1), x))['output']).toEqual(new Float32Array(21));
  });

  it('drops whole channels and whole items', async () => {
    const x = random('channels', [3, 5, 3, 7]);
    const { channels, items, unscaled } = await run(
      (t) => ({
        channels: dropout2d(t, 0.3),
        items: dropPath(t, 0.4),
        unscaled: dropPath(t, 0.4, { scaleByKeep: false }),
      }),
      x,
    );
    expect(channels).toEqual(expected(x, maskOf(315, 0.3, 21), 1 / 0.7));
    expect(items).toEqual(expected(x, maskOf(315, 0.4, 105, { place: 1 }), 1 / 0.6));
    expect(unscaled).toEqual(expected(x, maskOf(315, 0.4, 105, { place: 2 }), 1));
  });

  it('draws anew in each place, step and batch, and for each seed', async () => {
    const x = { shape: [64], data: new Float32Array(64).fill(1) };
    const twice = (t: Tensor) => ({ a: dropout(t), b: dropout(t) });
    const draws: Draw[] = [{}, { seed: 4 }, { step: 1 }, { batch: 1 }];
    const found = await Promise.all(draws.map((draw) => run(twice, x, draw)));
    for (const [i, draw] of draws.entries()) {
      expect(found[i]?.['a']).toEqual(expected(x, maskOf(64, 0.5, 1, draw), 2));
      expect(found[i]?.['b']).toEqual(expected(x, maskOf(64, 0.5, 1, { ...draw, place: 1 }), 2));
    }
    expect(new Set(found.flatMap(({ a, b }) => [String(a), String(b)])).size).toBe(8);
  });

  it('passes gradients where it passed values, and draws the mask again for them', async () => {
    const [x, g] = [random('x', [2, 3, 5]), random('g', [2, 3, 5])];
    const fn = (t: Tensor) => {
      const weights = t.graph.input('g', { shape: g.shape, dtype: 'f32' });
      return { dx: gradients(sum(mul(dropout(t, 0.25), weights)), [t])[0] as Tensor };
    };
    const graph = trace(({ x }) => fn(x), { x: x.shape });
    expect(schedule(graph).dispatches.filter(({ operator }) => operator === 'dropout')).toHaveLength(1);
    const inputs = { x, g, [RANDOM_KEY]: { shape: [3], data: randomKey({ seed: 3 }) } };
    const { dx } = await evaluate(
      context(),
      (all) => ({ dx: gradients(sum(mul(dropout(all.x, 0.25), all.g)), [all.x])[0] as Tensor }),
      inputs,
    );
    expect(dx?.data).toEqual(expected(g, maskOf(30, 0.25, 1), 1 / 0.75));
  });

  it('reads and writes parts of larger tensors', async () => {
    const x = random('parts', [2, 6, 3, 3]);
    const part = {
      shape: [2, 3, 3, 3],
      data: Float32Array.from([0, 1].flatMap((n) => [...x.data.slice(54 * n + 9, 54 * n + 36)])),
    };
    const { output } = await run((t) => concat([narrow(t, 1, 0, 1), dropout(narrow(t, 1, 1, 3))]), x);
    const dropped = expected(part, maskOf(54, 0.5, 1), 2);
    const joined = [0, 1].flatMap((n) => [...x.data.slice(54 * n, 54 * n + 9), ...dropped.slice(27 * n, 27 * n + 27)]);
    expect([...(output as Float32Array)]).toEqual(joined);
  });

  it('multiplies by 0 as PyTorch does: what is not finite becomes NaN', async () => {
    const x = { shape: [9], data: Float32Array.from([Number.NaN, Infinity, -Infinity, ...new Array(6).fill(1)]) };
    const mask = maskOf(9, 0.5, 1);
    const { half, all } = await run((t) => ({ half: dropout(t), all: dropout(t, 1) }), x);
    const product = (factor: readonly number[]) => x.data.map((value, i) => value * (factor[i] as number));
    expect(half).toEqual(product(mask.map((kept) => 2 * kept)));
    expect(all).toEqual(product(mask.map(() => 0)));
  });

  it('refuses other probabilities, types and shapes by code', () => {
    trace(
      ({ x, labels }) => {
        for (const p of [-0.1, 1.5, Number.NaN]) {
          for (const fn of [dropout, dropout2d, dropPath]) expect(codeOf(() => fn(x, p))).toBe('SHAPE_ATTRIBUTE');
          for (const Class of [Dropout, Dropout2d, DropPath]) {
            expect(codeOf(() => new Class(p))).toBe('SHAPE_ATTRIBUTE');
          }
        }
        expect(codeOf(() => dropout(labels))).toBe('SHAPE_DTYPE');
        expect(codeOf(() => dropout2d(labels))).toBe('SHAPE_RANK');
        expect(codeOf(() => dropPath(x, 0.1, { scale: true } as object))).toBe('OPTION_UNKNOWN');
        return x;
      },
      { x: [2, 3, 4, 4], labels: { shape: [2, 3], dtype: 'u32' } },
    );
  });
});

describe('the modules', () => {
  it.each([
    ['Dropout', () => new Dropout(0.4)],
    ['Dropout2d', () => new Dropout2d(0.4)],
    ['DropPath', () => new DropPath(0.4)],
  ] as const)('%s does nothing in inference, and is no node of the graph', (_name, make) => {
    const module = make();
    const nodesOf = (): number => trace(({ x }) => module.call(x), { x: [2, 3, 4, 4] }).nodes.length;
    expect(nodesOf()).toBe(0);
    module.train();
    expect(nodesOf()).toBe(1);
  });
});
