/** What the tests of this package share: one context per file, random data, and evaluation beside a reference. */
import { type Context, evaluate, gradients, open, type Tensor } from '@infnet/core';
import { expectClose, fill, numRuns, thrownBy } from '@infnet/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Array64, array64 } from '../reference/array.js';
import { numericalGradients } from '../reference/derivative.js';

let shared: Context | undefined;

/** Opens a context for the test file; `context()` gives it. Checks at the end that nothing was left behind. */
export function useContext(): () => Context {
  beforeAll(async () => {
    shared = await open({ onMessage: () => {} });
  });
  afterAll(() => {
    shared?.dispose();
    expect(shared?.memory).toMatchObject({ bytes: 0, buffers: 0 });
  });
  return () => shared as Context;
}

export interface Host {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** float32 values of the recipe's uniform stream, in [-scale, scale). */
export function random(name: string, shape: readonly number[], scale = 1): Host {
  return {
    shape,
    data: fill(
      name,
      shape.reduce((product, size) => product * size, 1),
      scale,
    ),
  };
}

/** Distinct values that keep 0.01 away from each other and from zero: for functions with kinks. */
export function distinct(name: string, shape: readonly number[]): Host {
  const { data } = random(name, shape);
  const order = [...data.keys()].sort((p, q) => (data[p] as number) - (data[q] as number));
  const values = new Float32Array(data.length);
  order.forEach((index, rank) => {
    values[index] = (rank - Math.floor(data.length / 2) + 0.5) * 0.02;
  });
  return { shape, data: values };
}

export function exact(x: Host): Array64 {
  return array64(x.shape, x.data);
}

type Inputs = Readonly<Record<string, Host>>;
export type Tensors = Readonly<Record<string, Tensor>>;

/** Runs `fn` and returns its outputs' data by name. */
export async function run(
  fn: (inputs: Tensors) => Tensor | Record<string, Tensor>,
  inputs: Inputs,
): Promise<Record<string, Host>> {
  const results = await evaluate(shared as Context, fn, inputs);
  return results as Record<string, Host>;
}

/** Runs `fn` and its gradients under the upstream gradient `g`; outputs y and d_<input>. */
export async function runWithGradients(
  fn: (inputs: Tensors) => Tensor,
  inputs: Inputs,
  g: Host,
  targets: readonly string[] = Object.keys(inputs),
): Promise<Record<string, Host>> {
  return run(
    ({ g: upstream, ...rest }) => {
      const y = fn(rest);
      const found = gradients(
        [{ output: y, gradient: upstream as Tensor }],
        targets.map((name) => rest[name] as Tensor),
      );
      return { y, ...Object.fromEntries(targets.map((name, i) => [`d_${name}`, found[i] as Tensor])) };
    },
    { ...inputs, g },
  );
}

/** Compares an operator with its float64 reference, its gradients with finite differences of that reference. */
export async function checkGradients(
  fn: (inputs: Tensors) => Tensor,
  reference: (...inputs: Array64[]) => Array64,
  inputs: Inputs,
  tolerance = 2e-5,
): Promise<void> {
  const values = Object.values(inputs).map(exact);
  const y = reference(...values);
  const g = random('upstream', y.shape);
  const results = await runWithGradients(fn, inputs, g);
  expect(results['y']?.shape).toEqual(y.shape);
  expectClose(results['y']?.data as Float32Array, y.data, { maxAbsOfMax: tolerance }, 'y');
  const derivatives = numericalGradients(reference, values, exact(g));
  Object.keys(inputs).forEach((name, i) => {
    const expected = derivatives[i] as Array64;
    expect(results[`d_${name}`]?.shape).toEqual(expected.shape);
    expectClose(results[`d_${name}`]?.data as Float32Array, expected.data, { maxAbsOfMax: tolerance }, `d_${name}`);
  });
}

/** fast-check over an asynchronous property: a fixed seed, so that a failure is the same everywhere. */
export async function forAll<T>(
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  cases = 12,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), {
    numRuns: numRuns(cases),
    seed: 0x1f2e3d,
    endOnFailure: true,
  });
}

/** The code of the error that `fn` throws while it is traced. */
export const codeOf = (fn: () => unknown): string => thrownBy(fn).code;
