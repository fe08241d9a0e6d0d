/** Splits and joins of many parts are scheduled, and differentiated, with work in line with their number. */
import { type Graph, gradients, schedule, type Tensor, trace } from '@infnet/core';
import { workOf } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { concat, mean, narrow, relu, sigmoid, split } from '../src/index.js';

const SMALL = 60;
const TIMES = 4;

const withGradient = (x: Tensor, y: Tensor): readonly Tensor[] => [y, gradients(mean(y), [x])[0] as Tensor];
const parts = (x: Tensor): readonly Tensor[] => split(x, 1);

const GRAPHS: Readonly<Record<string, (n: number) => Graph>> = {
  'a split into many': (n) => trace(({ x }) => concat(parts(x).map((part) => relu(part))), { x: [1, n, 2, 2] }),
  'a split whose parts are used anew, with its gradient': (n) =>
    trace(({ x }) => withGradient(x, concat(parts(x).map((part) => sigmoid(relu(part))))), { x: [1, n, 2, 2] }),
  'a join of many, with its gradient': (n) =>
    trace(({ x }) => withGradient(x, concat(Array.from({ length: n }, () => relu(x)))), { x: [1, 1, 2, 2] }),
  'joins in joins, with their gradients': (n) =>
    trace(
      ({ x }) => {
        let y = x;
        for (let i = 0; i < n; i++) y = concat([y, relu(narrow(y, 1, i, 1))]);
        return y;
      },
      { x: [1, 1, 2, 2] },
    ),
};

describe('the work of planning grows in line with the parts', () => {
  it.each(Object.entries(GRAPHS))('%s', (_name, graphOf) => {
    schedule(graphOf(4));
    const [small, large] = [SMALL, TIMES * SMALL].map((n) => workOf(() => void schedule(graphOf(n)))) as [
      number,
      number,
    ];
    expect(large / small).toBeLessThan(1.15 * TIMES);
  });
});
