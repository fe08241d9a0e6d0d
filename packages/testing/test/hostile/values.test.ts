/**
 * NaN, infinities and other hard numbers in the operands of every function of tensors: PyTorch's results and gradients,
 * whether the function stands alone or is fused with its neighbours, on every adapter.
 *
 * values-known.node.test.ts asks a case of every function.
 */
import { type Context, evaluate, gradients, open, type Tensor } from '@infnet/core';
import { hardDifferences } from '@infnet/testing/mid-graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computations, type Inputs } from './value-cases.js';
import { values } from './values.js';

type Number_ = number | string;
type Array_ = readonly [shape: readonly number[], data: readonly Number_[]];
interface Case {
  readonly inputs: Readonly<Record<string, Array_>>;
  readonly y: Array_;
  readonly g?: Array_;
  readonly d?: Readonly<Record<string, readonly Number_[]>>;
}

const cases = Object.entries(JSON.parse(values) as Record<string, Case>);

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** `relu`; of `softmax 3` `softmax`; of `add of a channel` `add`. */
function computationOf(name: string): (inputs: Inputs) => Tensor {
  const known = [name, name.replace(/ \d+$/, ''), name.replace(/ of a channel$/, '')].find(
    (key) => key in computations,
  );
  if (known === undefined) throw new Error(`no computation for ${name}`);
  return computations[known] as (inputs: Inputs) => Tensor;
}

const host = ([shape, data]: Array_) => ({ shape, data: Float32Array.from(data, numberOf) });

function numberOf(value: Number_): number {
  if (value === 'inf') return Infinity;
  return value === '-inf' ? -Infinity : Number(value);
}

const differences = (found: ArrayLike<number>, expected: readonly Number_[]): string[] =>
  hardDifferences(found, expected.map(numberOf));

describe('hard numbers', () => {
  it.each(cases)('%s: PyTorch has the same', async (name, { inputs, y, g, d = {} }) => {
    const compute = computationOf(name);
    const hosts = Object.fromEntries(Object.entries(inputs).map(([key, array]) => [key, host(array)]));
    const targets = Object.keys(d);
    // Alone, fused with what follows; then with gradients, where less is fused because intermediates are kept.
    const alone = await evaluate(context, (all) => ({ y: compute(all) }), hosts);
    expect(alone['y']?.shape).toEqual(y[0]);
    expect(differences(alone['y']?.data as Float32Array, y[1])).toEqual([]);
    if (g === undefined) return;
    const found = await evaluate(
      context,
      ({ upstream, ...all }: Inputs) => {
        const y = compute(all);
        const ds = gradients(
          [{ output: y, gradient: upstream as Tensor }],
          targets.map((key) => all[key] as Tensor),
        );
        return { y, ...Object.fromEntries(targets.map((key, i) => [`d ${key}`, ds[i] as Tensor])) };
      },
      { ...hosts, upstream: host(g) },
    );
    expect(differences(found['y']?.data as Float32Array, y[1])).toEqual([]);
    for (const key of targets) {
      expect(
        differences(found[`d ${key}`]?.data as Float32Array, d[key] as readonly Number_[]),
        `gradient of ${key}`,
      ).toEqual([]);
    }
  });
});
