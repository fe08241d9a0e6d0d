import { type Tensor, trace } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broadcastTo,
  concat,
  LogSoftmax,
  logSoftmax,
  mean,
  narrow,
  relu,
  reshape,
  Softmax,
  Softmax2d,
  softmax,
  sub,
  sum,
} from '../src/index.js';
import { sumProductTo, sumTo } from '../src/kernels.js';
import { array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { checkGradients, codeOf, exact, forAll, random, run, type Tensors, useContext } from './support/harness.js';

useContext();

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;
const shape = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 3, 26, 130),
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 9 }),
);
const axes = fc.subarray([0, 1, 2, 3]);

describe('sum and mean', () => {
  it('any shape over any dimensions, of channel ranges too', async () => {
    await forAll(
      fc.tuple(shape, axes, fc.boolean()),
      async ([size, over, keepDims]) => {
        const x = random(
          'x',
          size.map((s, d) => (d === 1 ? s + 2 : s)),
        );
        const result = await run(
          (i) => {
            const range = narrow(t(i, 'x'), 1, 1, size[1]);
            return { s: sum(range, { axes: over, keepDims }), m: mean(relu(t(i, 'x')), { axes: over, keepDims }) };
          },
          { x },
        );
        const expected = reference.sum(reference.narrow(exact(x), 1, 1, size[1]), over);
        const kept = expected.shape.filter((_, d) => keepDims || !over.includes(d));
        expect(result['s']?.shape).toEqual(kept);
        const count = over.reduce((product, axis) => product * (x.shape[axis] as number), 1);
        expectClose(
          result['s']?.data as Float32Array,
          expected.data,
          { maxAbs: 1e-4 * Math.sqrt(count) * 0.1 + 1e-6 },
          's',
        );
        const means = reference.sum(reference.relu(exact(x)), over).data.map((v) => v / count);
        expectClose(result['m']?.data as Float32Array, means, { maxAbs: 1e-6 }, 'm');
      },
      25,
    );
  });

  it('a million values lose no more than a pairwise sum', async () => {
    const x = { shape: [1, 4, 512, 512], data: new Float32Array(2 ** 20).fill(0.1) };
    const { output } = await run((i) => sum(t(i, 'x')), { x });
    expect(output?.shape).toEqual([]);
    expect(Math.abs((output?.data[0] as number) / (Math.fround(0.1) * 2 ** 20) - 1)).toBeLessThan(2e-6);
  });

  it('reduced results can be parts of a join', async () => {
    const x = random('x', [2, 3, 4, 5]);
    const fn = (i: Tensors): Tensor => concat([sum(t(i, 'x'), { axes: [2, 3] }), mean(t(i, 'x'), { axes: [2, 3] })], 1);
    const s = reference.sum(exact(x), [2, 3]);
    const parts = [
      array64([2, 3], s.data),
      array64(
        [2, 3],
        s.data.map((v) => v / 20),
      ),
    ];
    expectClose((await run(fn, { x }))['output']?.data as Float32Array, reference.concat(parts, 1).data, {
      maxAbs: 1e-5,
    });
    const rows = (i: Tensors): Tensor =>
      concat([sum(t(i, 'x'), { axes: [0] }), narrow(reshape(t(i, 'x'), [3, 8, 5]), 1, 0, 1)], 1);
    const expected = reference.concat(
      [array64([3, 4, 5], reference.sum(exact(x), [0]).data), reference.narrow(array64([3, 8, 5], x.data), 1, 0, 1)],
      1,
    );
    expectClose((await run(rows, { x }))['output']?.data as Float32Array, expected.data, { maxAbs: 1e-5 });
  });

  it('have gradients', async () => {
    const x = random('x', [2, 3, 4, 5]);
    const reduced = (over: number[], size: number[], count: number) => (v: Parameters<typeof reference.sum>[0]) =>
      array64(
        size,
        reference.sum(v, over).data.map((p) => p / count),
      );
    await checkGradients((i) => mean(t(i, 'x')), reduced([0, 1, 2, 3], [], 120), { x });
    await checkGradients((i) => mean(t(i, 'x'), { axes: [2, 3] }), reduced([2, 3], [2, 3], 20), { x });
    await checkGradients((i) => sum(t(i, 'x'), { axes: [1], keepDims: true }), reduced([1], [2, 1, 4, 5], 1), { x });
    await checkGradients((i) => sumTo(t(i, 'x'), [3, 1, 5]), reduced([0, 2], [3, 1, 5], 1), { x });
    await checkGradients(
      (i) => broadcastTo(t(i, 'y'), [2, 3, 4], 0.5),
      (v) => reference.binary(v, array64([2, 1, 4]), (p) => p / 2),
      { y: random('y', [3, 1]) },
    );
  });

  it('sumProductTo sums a product of any two shapes', async () => {
    const inputs = { a: random('a', [2, 26, 5, 7]), b: random('b', [2, 1, 5, 7]), c: random('c', [26, 1, 1]) };
    const result = await run(
      (i) => ({
        toB: sumProductTo(t(i, 'a'), t(i, 'a'), [2, 1, 5, 7]),
        toC: sumProductTo(t(i, 'a'), t(i, 'b'), [26, 1, 1]),
        all: sumProductTo(t(i, 'b'), t(i, 'c'), [1, 1, 1, 1]),
      }),
      inputs,
    );
    const product = (p: number, q: number): number => p * q;
    const [a, b, c] = [exact(inputs.a), exact(inputs.b), exact(inputs.c)];
    expectClose(result['toB']?.data as Float32Array, reference.sum(reference.binary(a, a, product), [1]).data, {
      relL2: 2e-6,
    });
    expectClose(result['toC']?.data as Float32Array, reference.sum(reference.binary(a, b, product), [0, 2, 3]).data, {
      relL2: 2e-6,
    });
    expectClose(
      result['all']?.data as Float32Array,
      reference.sum(reference.binary(b, c, product), [0, 1, 2, 3]).data,
      { relL2: 2e-5 },
    );
  });

  it('errors name what does not fit', () => {
    const code = (fn: (x: Tensor) => Tensor): string => codeOf(() => trace((i) => fn(t(i, 'x')), { x: [2, 3] }));
    expect(code((x) => sum(x, { axes: [2] }))).toBe('SHAPE_AXIS');
    expect(code((x) => sumTo(x, [2, 2]))).toBe('SHAPE_BROADCAST');
    expect(code((x) => broadcastTo(x, [3, 3]))).toBe('SHAPE_BROADCAST');
    expect(code((x) => softmax(reshape(x, [6])))).toBe('SHAPE_RANK');
  });
});

it('Softmax and LogSoftmax are modules of a dimension', async () => {
  const x = random('x', [2, 3, 4]);
  const found = await run(
    (i) => ({
      a: sub(new Softmax(-1).forward(t(i, 'x')), softmax(t(i, 'x'), { axis: 2 })),
      b: sub(new LogSoftmax(0).forward(t(i, 'x')), logSoftmax(t(i, 'x'), { axis: 0 })),
    }),
    { x },
  );
  for (const { data } of Object.values(found)) expect([...data].every((v) => v === 0)).toBe(true);
});

describe('softmax', () => {
  it('over channels, with gradients, and safe for large values', async () => {
    await checkGradients((i) => softmax(t(i, 'x')), reference.softmax, { x: random('x', [2, 3, 3, 4], 3) });
    const large = { shape: [1, 3, 1, 1], data: Float32Array.of(300, 299, -300) };
    const { output } = await run((i) => new Softmax2d().call(t(i, 'x')), { x: large });
    expectClose(output?.data as Float32Array, [1 / (1 + Math.exp(-1)), 1 - 1 / (1 + Math.exp(-1)), 0], {
      maxAbs: 1e-6,
    });
  });
});
