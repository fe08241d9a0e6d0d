/**
 * NaN, infinities and other hard numbers in the operands of every function of tensors: PyTorch's results and gradients,
 * whether the function stands alone or is fused with its neighbours, on every adapter.
 *
 * The functions are found in the exports: one that has neither a case here nor a reason fails.
 */
import { type Context, evaluate, gradients, open, type Tensor, trace } from '@infnet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages } from './packages.js';
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

/** Differences in kind (NaN, an infinity, a number), and of numbers beyond float32's rounding. */
function differences(found: ArrayLike<number>, expected: readonly Number_[]): string[] {
  const right = expected.map(numberOf);
  const scale = Math.max(0, ...right.filter((v) => Math.abs(v) < 1e6).map(Math.abs));
  return right.flatMap((v, i) => {
    const got = found[i] as number;
    const close = Number.isFinite(v) && Math.abs(got - v) <= 2e-5 * Math.max(Math.abs(v), 0.1 * scale) + 1e-30;
    return Object.is(got, v) || close || got === v ? [] : [`[${i}] ${got}, PyTorch has ${v}`];
  });
}

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

/** Functions of tensors that need no values: what they do is tested elsewhere, or is another's. */
const WITHOUT_VALUES: Readonly<Record<string, string>> = {
  'core/apply': 'applies any operator',
  'core/applyOne': 'applies any operator',
  'core/fill': 'has no operands',
  'core/gradients': 'used here',
  'core/sumTensors': 'add, any number of times',
  'nn/broadcastTo': 'repeats values',
  'nn/concat': 'moves values',
  'nn/detach': 'moves values',
  'nn/narrow': 'moves values',
  'nn/pad2d': 'moves values',
  'nn/placeInZeros': 'moves values',
  'nn/reluGradient': 'the gradient of relu',
  'nn/reshape': 'moves values',
  'nn/resizeNearest': 'moves values',
  'nn/slice': 'moves values',
  'nn/split': 'moves values',
  'nn/sumProductTo': 'the gradient of a broadcast mul',
  'nn/sumTo': 'the gradient of a broadcast add',
  'nn/batchNorm2dTraining': 'batchNorm2d in training',
  'conv-block/callSideBySide': 'applies modules',
  'conv-block/stack': 'moves values',
  'res2net/splitStep': 'add, and moves values',
  'edge-attention/maskEdge': 'below',
  'edge-attention/edgeLoss': 'below',
  'trainer/infNetLoss': 'a sum of losses',
};

it('every exported function of tensors is among the cases, or says why not', () => {
  const tried = Object.entries(packages).flatMap(([name, exports]) =>
    Object.entries(exports)
      .filter(
        ([key, value]) =>
          typeof value === 'function' && /^[a-z]/.test(key) && takesTensors(value as (...values: unknown[]) => unknown),
      )
      .map(([key]) => `${name}/${key}`),
  );
  expect(tried.length).toBeGreaterThan(35);
  const known = new Set(Object.keys(computations).map((name) => name.split(/[ ,]/)[0]));
  const without = tried.filter((key) => !known.has(key.split('/')[1]) && !(key in WITHOUT_VALUES));
  expect(without).toEqual([]);
});

/**
 * Whether it does something with a tensor, or a list or an object of tensors: then it adds a node, or refuses with a
 * code.
 */
function takesTensors(fn: (...values: unknown[]) => unknown): boolean {
  if (fn.constructor.name === 'AsyncFunction') return false;
  let nodes = 0;
  for (const build of [
    (x: Tensor) => [x, x, x, x, x, x],
    // Options that are a tensor are refused, so that there must be none.
    (x: Tensor) => [x],
    (x: Tensor) => [x, x],
    (x: Tensor) => [x, x, x],
    (x: Tensor) => [x, 2],
    (x: Tensor) => [[x, x]],
    (x: Tensor) => [x, { kernelSize: 2, kernel: 2 }],
    (x: Tensor) => [x, 2, {}],
    (x: Tensor) => [x, [4, 4]],
    (x: Tensor) => [x, [4, 4], {}],
    (x: Tensor) => [[x, x], 1, 1, 1],
    (x: Tensor) => [x, 1, 1, 1],
    (x: Tensor) => [x, [1, 2, 4, 4], 1, 1],
    (x: Tensor) => [x, { size: [4, 4] }],
  ]) {
    try {
      trace(
        ({ x }) => {
          const before = x.graph.nodes.length;
          try {
            fn(...build(x as Tensor));
          } catch {
            // What does not fit one form may fit another.
          }
          nodes += x.graph.nodes.length - before;
          return x as Tensor;
        },
        { x: [1, 2, 4, 4] },
      );
    } catch {
      // Tracing itself cannot fail for a reason that matters here.
    }
  }
  return nodes > 0;
}
