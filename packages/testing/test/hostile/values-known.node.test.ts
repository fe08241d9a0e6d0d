/**
 * Every exported function of tensors is tried with hard numbers: by a case of values.test.ts, or by `checkHardNumbers`
 * in a test of its own package. The functions are found in the exports: one that has neither, nor a reason, fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Tensor, trace } from '@infnet/core';
import { expect, it } from 'vitest';
import { packages } from './packages.js';
import { computations } from './value-cases.js';

/** Functions that tests of packages give to `checkHardNumbers`. */
function checkedElsewhere(): string[] {
  return Object.keys(packages).flatMap((name) => {
    const folder = new URL(`../../../${name}/test/`, import.meta.url);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.test.ts')) : [];
    return files.flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/checkHardNumbers\([\w()]+, (\w+),/g)].map(
        ([, checked]) => checked as string,
      ),
    );
  });
}

/** Functions of tensors that need no values: what they do is tested elsewhere, or is another's. */
const WITHOUT_VALUES: Readonly<Record<string, string>> = {
  'core/apply': 'applies any operator',
  'core/applyOne': 'applies any operator',
  'core/fill': 'has no operands',
  'core/gradients': 'used here',
  'core/sumTensors': 'add, any number of times',
  'nn/broadcastTo': 'repeats values',
  'nn/dropPath': 'draws: what becomes of hard numbers is in its own test',
  'nn/dropout': 'draws: what becomes of hard numbers is in its own test',
  'nn/dropout2d': 'draws: what becomes of hard numbers is in its own test',
  'nn/concat': 'moves values',
  'nn/detach': 'moves values',
  'nn/narrow': 'moves values',
  'nn/flip': 'moves values',
  'nn/pad2d': 'moves values',
  'nn/permute': 'moves values',
  'nn/pixelShuffle': 'moves values',
  'nn/pixelUnshuffle': 'moves values',
  'nn/placeInZeros': 'moves values',
  'nn/reluGradient': 'the gradient of relu',
  'nn/reshape': 'moves values',
  'nn/resizeNearest': 'moves values',
  'nn/roll': 'moves values',
  'nn/slice': 'moves values',
  'nn/sliceSteps': 'moves values',
  'nn/split': 'moves values',
  'nn/tile': 'moves values',
  'nn/transpose': 'moves values',
  'nn/sumProductTo': 'the gradient of a broadcast mul',
  'nn/sumTo': 'the gradient of a broadcast add',
  'nn/batchNorm2dTraining': 'batchNorm2d in training',
  'nn/instanceNorm2dRunning': 'batchNorm2d',
  'nn/instanceNorm2dTraining': 'instanceNorm2d',
  'conv-block/callSideBySide': 'applies modules',
  'conv-block/stack': 'moves values',
  'res2net/splitStep': 'add, and moves values',
  'edge-attention/maskEdge': 'below',
  'edge-attention/edgeLoss': 'below',
  'trainer/deepSupervision': 'a sum of losses',
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
  const known = new Set([...Object.keys(computations).map((name) => name.split(/[ ,]/)[0]), ...checkedElsewhere()]);
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
