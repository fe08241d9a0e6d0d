import { type Context, open } from '@infnet/core';
import { relu, sigmoid } from '@infnet/nn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkHardNumbers, HARD_NUMBERS } from '../src/mid-graph/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const logistic = (x: number): readonly [number, number] => {
  const y = 1 / (1 + Math.exp(-x));
  return [y, y * (1 - y)];
};

it('hard numbers: a right function differs nowhere', async () => {
  expect(await checkHardNumbers(context, sigmoid, logistic)).toEqual([]);
});

it('hard numbers: a lost NaN, a wrong infinity and a wrong slope are told', async () => {
  const lost = await checkHardNumbers(context, relu, (x) => [x > 0 ? x : 0, x > 0 ? 1 : 0]);
  expect(lost[0]).toMatch(/^alone: \[0\] NaN, it should be 0$/);
  const steeper = await checkHardNumbers(context, sigmoid, (x) => [logistic(x)[0], 2 * logistic(x)[1]]);
  expect(steeper.length).toBeGreaterThan(5);
  expect(steeper.every((line) => line.startsWith('gradient: '))).toBe(true);
  const infinite = await checkHardNumbers(context, sigmoid, (x) => [
    x === Infinity ? x : logistic(x)[0],
    logistic(x)[1],
  ]);
  expect(infinite).toContain(`alone: [${HARD_NUMBERS.indexOf(Infinity)}] 1, it should be Infinity`);
});
