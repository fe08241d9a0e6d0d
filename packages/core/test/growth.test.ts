/**
 * Big graphs are traced, differentiated and scheduled with work in line with their size. Times: `bench -- --planner`.
 */
import { workOf } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Graph, gradients, Parameter, type Storage, schedule, type Tensor, trace } from '../src/index.js';
import type { Lifetime } from '../src/plan/first-fit.js';
import { allocate } from '../src/plan/memory.js';
import { join, scale, split } from './operators.js';

const SMALL = 100;
const TIMES = 4;

const pixels = [1, 4, 2, 2];
const chain = (x: Tensor, length: number): Tensor => {
  let y = x;
  for (let i = 0; i < length; i++) y = scale(y, 2);
  return y;
};
const scalar = (x: Tensor): Tensor => x;

/** What grows, as a graph of about n nodes. */
const GRAPHS: Readonly<Record<string, (n: number) => Graph>> = {
  'a chain': (n) => trace(({ x }) => chain(x, n), { x: pixels }),
  'a chain with its gradient': (n) =>
    trace(({ x, g }) => gradients([{ output: scalar(chain(x, n)), gradient: g }], [x])[0] as Tensor, {
      x: pixels,
      g: pixels,
    }),
  'one tensor that many use, with its gradient': (n) =>
    trace(
      ({ x, g }) => {
        const y = scale(x, 3);
        const all = Array.from({ length: n }, () => ({ output: scale(y, 2), gradient: g }));
        return gradients(all, [x])[0] as Tensor;
      },
      { x: pixels, g: pixels },
    ),
  'a join of many': (n) => trace(({ x }) => join(Array.from({ length: n }, () => scale(x, 2))), { x: [1, 1, 2, 2] }),
  'joins in joins': (n) =>
    trace(
      ({ x }) => {
        let y = x;
        for (let i = 0; i < n; i++) y = join([y, scale(x, 2)]);
        return y;
      },
      { x: [1, 1, 2, 2] },
    ),
  'a split into many that are joined again': (n) =>
    trace(
      ({ x }) =>
        join(
          split(
            x,
            Array.from({ length: n }, () => 1),
          ).map((part) => scale(part, 2)),
        ),
      {
        x: [1, n, 2, 2],
      },
    ),
  'many outputs': (n) => trace(({ x }) => Array.from({ length: n }, () => scale(x, 2)), { x: pixels }),
  'many parameters as outputs and as new values': (n) => {
    const parameters = Array.from({ length: n }, () => new Parameter([4], { role: 'buffer' }));
    return trace(
      ({ x }) => {
        for (const [i, parameter] of parameters.entries()) {
          const next = parameters[(i + 1) % n] as Parameter;
          x.graph.update(parameter, i % 2 === 0 ? scale(x, 2) : x.graph.parameter(next));
        }
        return parameters.map((parameter) => x.graph.parameter(parameter));
      },
      { x: [4] },
    );
  },
};

describe('the work of planning grows in line with the graph', () => {
  it.each(Object.entries(GRAPHS))('%s', (_name, graphOf) => {
    // Kernels are expanded once.
    schedule(graphOf(8), { fusion: false });
    const [small, large] = [SMALL, TIMES * SMALL].map((n) =>
      workOf(() => void schedule(graphOf(n), { fusion: false })),
    ) as [number, number];
    expect(large / small).toBeLessThan(1.15 * TIMES);
  });

  it('is seen where it does not', () => {
    const quadratic = (n: number) => () => {
      let list: readonly number[] = [];
      for (let i = 0; i < n; i++) list = [...list, i];
    };
    expect(workOf(quadratic(TIMES * SMALL)) / workOf(quadratic(SMALL))).toBeGreaterThan(3 * TIMES);
  });

  it('needs no stack', () => {
    const graph = (GRAPHS['a chain with its gradient'] as (n: number) => Graph)(10000);
    expect(schedule(graph, { fusion: false }).dispatches).toHaveLength(10000);
  });
});

describe('buffers in turns', () => {
  it('are those that a look at all of them in order finds', () => {
    const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(60), fc.nat(60)), { maxLength: 80 });
    fc.assert(
      fc.property(lives, (items) => {
        const table = new Map<Storage, Lifetime>();
        for (const [id, [size, a, b]] of items.entries()) {
          const storage: Storage = { id, bytes: 4 * size, kind: 'intermediate', label: '' };
          table.set(storage, { first: Math.min(a, b), last: Math.max(a, b) });
        }
        expect(allocate(table).map(({ storages }) => storages.map(({ id }) => id))).toEqual(firstFit(table));
      }),
    );
  });
});

/** The largest first, each into the first buffer that is free. */
function firstFit(lives: ReadonlyMap<Storage, Lifetime>): number[][] {
  const buffers: { id: number; life: Lifetime }[][] = [];
  for (const [{ id }, life] of [...lives].sort(([a], [b]) => b.bytes - a.bytes || a.id - b.id)) {
    const free = buffers.find((buffer) => buffer.every((x) => life.first > x.life.last || life.last < x.life.first));
    if (free === undefined) buffers.push([{ id, life }]);
    else free.push({ id, life });
  }
  return buffers.map((buffer) => buffer.map(({ id }) => id));
}
