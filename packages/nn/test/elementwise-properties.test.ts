/** Element-wise operators in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import type { Tensor } from '@infnet/core';
import { checkMidGraph, forAllDrawn, oddImages, spacedValues, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { add, addScalar, div, leakyRelu, mul, mulScalar, relu, sigmoid, sub } from '../src/index.js';
import { reluGradient } from '../src/kernels.js';
import type { Array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { type Tensors, useContext } from './support/harness.js';

const context = useContext();
const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;
const of = (values: Readonly<Record<string, Array64>>, name: string): Array64 => values[name] as Array64;

const UNARY: Readonly<Record<string, readonly [(x: Tensor) => Tensor, (v: number) => number]>> = {
  relu: [relu, (v) => Math.max(v, 0)],
  leakyRelu: [(x) => leakyRelu(x, 0.2), (v) => (v > 0 ? v : 0.2 * v)],
  sigmoid: [sigmoid, (v) => 1 / (1 + Math.exp(-v))],
  addScalar: [(x) => addScalar(x, -0.7), (v) => v - 0.7],
  mulScalar: [(x) => mulScalar(x, 2.5), (v) => 2.5 * v],
};

describe.each(Object.entries(UNARY))('%s', (_name, [operator, f]) => {
  it('has the gradient of finite differences mid-graph, on any shape', async () => {
    await forAllDrawn(fc.tuple(oddImages(), fc.boolean()), async ([shape, inRange]) => {
      await checkMidGraph(context(), {
        inputs: { x: spacedValues('x', shape) },
        operator: (i) => [operator(t(i, 'x'))],
        reference: (i) => [reference.map(of(i, 'x'), f)],
        inRange,
      });
    });
  });
});

/**
 * Two shapes that broadcast: each dimension in both operands or in one of them, leading ones of the second perhaps left
 * out.
 */
const pairs = fc
  .tuple(
    oddImages(8000),
    fc.array(fc.constantFrom('both', 'both', 'a', 'b'), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([shape, which, drop]) => ({
    a: shape.map((size, d) => (which[d] === 'b' ? 1 : size)),
    b: shape.map((size, d) => (which[d] === 'a' ? 1 : size)).slice(drop),
  }));

const BINARY: Readonly<Record<string, readonly [(a: Tensor, b: Tensor) => Tensor, (p: number, q: number) => number]>> =
  {
    add: [add, (p, q) => p + q],
    sub: [sub, (p, q) => p - q],
    mul: [mul, (p, q) => p * q],
    div: [div, (p, q) => p / q],
  };

describe.each(Object.entries(BINARY))('%s', (_name, [operator, f]) => {
  it('has the gradients of finite differences mid-graph, for any pair of shapes, either way round', async () => {
    const cases = fc.record({
      shapes: pairs,
      swap: fc.boolean(),
      wanted: fc.constantFrom(['a', 'b'], ['a', 'b'], ['a'], ['b']),
      inRange: fc.boolean(),
    });
    await forAllDrawn(
      cases,
      async ({ shapes, swap, wanted, inRange }) => {
        const [p, q] = swap ? ['b', 'a'] : ['a', 'b'];
        await checkMidGraph(context(), {
          // Away from 0, because one of them divides.
          inputs: { a: uniformValues('a', shapes.a, 0.8, 2), b: uniformValues('b', shapes.b, 0.8, -2) },
          operator: (i) => [operator(t(i, p), t(i, q))],
          reference: (i) => [reference.binary(of(i, p), of(i, q), f)],
          wanted,
          inRange,
        });
      },
      14,
    );
  });
});

describe('one tensor as both operands', () => {
  it('collects the gradients of both', async () => {
    await forAllDrawn(
      oddImages(),
      async (shape) => {
        await checkMidGraph(context(), {
          inputs: { x: uniformValues('x', shape, 0.8, 2) },
          operator: (i) => [mul(t(i, 'x'), t(i, 'x')), sub(div(t(i, 'x'), t(i, 'x')), t(i, 'x'))],
          reference: (i) => [reference.map(of(i, 'x'), (v) => v * v), reference.map(of(i, 'x'), (v) => 1 - v)],
        });
      },
      5,
    );
  });
});

describe('reluGradient', () => {
  it('is linear in the gradient it is given', async () => {
    await forAllDrawn(
      oddImages(),
      async (shape) => {
        await checkMidGraph(context(), {
          inputs: { y: spacedValues('y', shape), g: uniformValues('g', shape) },
          operator: (i) => [reluGradient(t(i, 'y'), t(i, 'g'))],
          reference: (i) => [reference.binary(of(i, 'y'), of(i, 'g'), (y, g) => (y > 0 ? g : 0))],
          wanted: ['g'],
        });
      },
      5,
    );
  });
});
