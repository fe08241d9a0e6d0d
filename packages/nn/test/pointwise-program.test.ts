/** Several expressions in one dispatch of core's pointwise kernel: an operator may lower to such a program. */
import { apply, type Context, evaluate, type Operator, type Tensor } from '@infnet/core';
import { type PointwiseProgram, pointwiseDispatch } from '@infnet/core/kernels';
import { expectClose } from '@infnet/testing';
import { expect, it } from 'vitest';
import { random, useContext } from './support/harness.js';

const context: () => Context = useContext();

const scaled = (offset: number) => ({ operands: ['x', 'y'], value: 'x * y + offset', numbers: { offset } });

/** middle = x b + 0.25; last = middle^2 x - 1. */
const program: PointwiseProgram = {
  inputs: ['x', 'b'],
  steps: [
    { expression: scaled(0.25), from: [0, 1] },
    { expression: { operands: ['x'], value: 'x * x' }, from: [2] },
    { expression: scaled(-1), from: [3, 0] },
  ],
  results: { middle: 2, last: 4 },
};

it('makes two results of three expressions, an operand broadcast', async () => {
  const sources = new Set<string>();
  const operator: Operator<Record<string, never>> = {
    name: 'program',
    infer: ([x]) => [x, x].map((type) => ({ shape: type?.shape ?? [], dtype: 'f32' })),
    lower: ({ inputs, outputs }) => {
      const one = pointwiseDispatch('test/program', program, inputs, outputs);
      sources.add(one.kernel.source);
      return [one];
    },
  };
  const inputs = { x: random('x', [2, 3, 4, 5]), b: random('b', [3, 1, 1]) };
  const results = await evaluate(
    context(),
    ({ x, b }) => {
      const [middle, last] = apply(operator, [x as Tensor, b as Tensor], {});
      return { middle: middle as Tensor, last: last as Tensor };
    },
    inputs,
  );
  const [x, b] = [inputs.x.data, inputs.b.data].map((data) => Array.from(data)) as [number[], number[]];
  const middle = x.map((value, i) => value * (b[Math.floor(i / 20) % 3] as number) + 0.25);
  const last = middle.map((value, i) => value * value * (x[i] as number) - 1);
  expectClose(results.middle?.data as Float32Array, Float64Array.from(middle), { relL2: 1e-6 });
  expectClose(results.last?.data as Float32Array, Float64Array.from(last), { relL2: 1e-6 });
  // Equal expressions are one function, whatever their numbers.
  expect([...sources][0]?.match(/fn expression\d/g)).toHaveLength(2);
});
