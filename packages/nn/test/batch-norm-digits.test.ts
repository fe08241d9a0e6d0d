/**
 * Training batch norm around a mean that is large beside the deviation: result and gradients keep float32's digits.
 *
 * The largest error, relative to the largest value, of PyTorch 2.15 in float32 on the CPU for [2, 3, 32, 32] normal
 * values (x is rounded to float32 before, the truth is its own float64):
 *
 *     mean 1000, deviation 1      y 1.4e-5   dx 7.5e-7   dweight 8.9e-6
 *     mean 1e4, deviation 1e-2    y 1.0e-2   dx 9.4e-4   dweight 1.2e-2
 *     mean 0, deviation 1         y 4.2e-8   dx 8.6e-8   dweight 1.3e-7
 *
 * because it rounds the mean to one float. Here it is a pair of floats.
 */
import { gradients, type Tensor } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { describe, it } from 'vitest';
import { batchNorm2dTraining, relu } from '../src/index.js';
import * as reference from './reference/operators.js';
import { exact, type Host, random, run, type Tensors, useContext } from './support/harness.js';

useContext();

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

/** One invocation per channel on CPU adapters; parts; parts joined in several steps; odd sizes that no vector fits. */
const SHAPES = [
  [2, 3, 32, 32],
  [3, 2, 64, 64],
  [2, 1, 211, 203],
  [1, 2, 3, 3],
] as const;
const MEANS = [
  [1000, 1],
  [1e4, 1e-2],
  [-3e5, 20],
  [0, 1],
  [0.3, 1],
] as const;

async function check(x: Host, withRelu: boolean): Promise<void> {
  const channels = x.shape[1] as number;
  const g = random('g', x.shape);
  const weight = random('weight', [channels]);
  const bias = random('bias', [channels]);
  const zero = { shape: [channels], data: new Float32Array(channels) };
  const found = await run(
    (i) => {
      const { y, runningMean } = batchNorm2dTraining(
        t(i, 'x'),
        t(i, 'weight'),
        t(i, 'bias'),
        t(i, 'zero'),
        t(i, 'zero'),
        {
          momentum: 1,
        },
      );
      const output = withRelu ? relu(y) : y;
      const [dx, dw] = gradients([{ output, gradient: t(i, 'g') }], [t(i, 'x'), t(i, 'weight')]);
      return { y: output, runningMean, dx: dx as Tensor, dw: dw as Tensor };
    },
    { x, g, weight, bias, zero },
  );
  const { mean, variance, count } = reference.moments(exact(x));
  const plain = reference.batchNormTraining(exact(x), exact(weight), exact(bias)).data;
  const y = withRelu ? plain.map((v) => Math.max(v, 0)) : plain;
  const at = (i: number): number => Math.floor(i / (x.data.length / (x.shape[0] as number) / channels)) % channels;
  const upstream = g.data.map((v, i) => (withRelu && (plain[i] as number) <= 0 ? 0 : v));
  const inverse = variance.map((v) => 1 / Math.sqrt(v + 1e-5));
  const h = Float64Array.from(x.data, (v, i) => (v - (mean[at(i)] as number)) * (inverse[at(i)] as number));
  const [sumG, sumGH] = [new Float64Array(channels), new Float64Array(channels)];
  for (const [i, v] of upstream.entries()) {
    (sumG[at(i)] as number) += v;
    (sumGH[at(i)] as number) += v * (h[i] as number);
  }
  const dx = Float64Array.from(upstream, (v, i) => {
    const c = at(i);
    const scale = (weight.data[c] as number) * (inverse[c] as number);
    return scale * (v - (sumG[c] as number) / count - ((h[i] as number) * (sumGH[c] as number)) / count);
  });
  // In units of what is summed: a sum near 0 has no digits of its own.
  const size = Math.sqrt(count);
  expectClose(found['y']?.data as Float32Array, y, { maxAbsOfMax: 1e-6 }, 'y');
  expectClose(found['dx']?.data as Float32Array, dx, { maxAbsOfMax: 2e-6 }, 'dx');
  expectClose(
    (found['dw'] as Host).data.map((v) => v / size),
    sumGH.map((v) => v / size),
    { maxAbs: 2e-6 },
    'dw',
  );
  const scale = Math.max(...mean.map(Math.abs), ...variance.map(Math.sqrt));
  expectClose(found['runningMean']?.data as Float32Array, mean, { maxAbs: 1.2e-7 * scale }, 'running mean');
}

describe('training batch norm around a large mean', () => {
  for (const [mean, deviation] of MEANS) {
    it.each(SHAPES.map((shape) => [shape]))(`mean ${mean}, deviation ${deviation}, of %j`, async (shape) => {
      // Uniform in +-sqrt(3) has deviation 1.
      const noise = random('x', shape, Math.sqrt(3));
      await check({ shape, data: noise.data.map((v) => mean + deviation * v) }, false);
    });
  }

  it('with the relu that follows it, forward and as a mask backward', async () => {
    const noise = random('x', [2, 3, 40, 40], Math.sqrt(3));
    await check({ shape: noise.shape, data: noise.data.map((v) => 1000 + v) }, true);
  });

  it('where the first values are far from all others', async () => {
    const noise = random('x', [2, 2, 48, 48], Math.sqrt(3));
    const data = noise.data.map((v, i) => (i % 2304 < 8 ? 900 : 1000) + v);
    await check({ shape: noise.shape, data }, false);
  });
});
